//! What surrounds a row: the operation, and where it came from.

use std::fmt;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::{
    Refused,
    cell::{Cell, Text},
};

/// A change record.
#[derive(Debug, Deserialize)]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default)]
    op: Cell<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) source: Option<Source<'a>>,
    #[serde(borrow, default)]
    pub(super) after: Option<&'a RawValue>,
    /// All of the above, where the converter writes each record's schema beside it.
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

impl<'a> Envelope<'a> {
    pub(super) fn read(value: &'a [u8]) -> Result<Self, Refused> {
        let envelope: Self = serde_json::from_slice(value).map_err(Refused::NotJson)?;
        match envelope {
            Self { op: Cell::Absent, payload: Some(payload), .. } => {
                serde_json::from_str(payload.get()).map_err(Refused::NotJson)
            }
            envelope => Ok(envelope),
        }
    }

    /// What was done: `i` or `c` for an insert.
    pub(super) fn op(&self) -> Option<&str> {
        self.op.as_ref().map(|op| &*op.0)
    }
}

/// The table that was changed; Cassandra's connector and ScyllaDB's call the fields differently.
#[derive(Debug, Deserialize)]
pub(super) struct Source<'a> {
    #[serde(borrow, default, alias = "keyspace_name")]
    keyspace: Cell<Text<'a>>,
    #[serde(borrow, default, alias = "table_name")]
    table: Cell<Text<'a>>,
}

impl Source<'_> {
    /// Whether it is this table, as far as it says.
    pub(super) fn is_of(&self, keyspace: &str, table: &str) -> bool {
        let is = |found: &Cell<Text<'_>>, name: &str| found.as_ref().is_none_or(|found| found.0 == name);
        is(&self.keyspace, keyspace) && is(&self.table, table)
    }
}

impl fmt::Display for Source<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let or = |part: &Cell<Text<'_>>| part.as_ref().map_or("?".to_owned(), |part| part.0.to_string());
        write!(f, "{}.{}", or(&self.keyspace), or(&self.table))
    }
}
