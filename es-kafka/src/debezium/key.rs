//! The record's Kafka key: some or all of the row's primary key.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::cell::{Cell, Number, Text};

/// What the key says of the row.
#[derive(Debug, Default)]
pub(super) struct Key<'a> {
    pub(super) aggregate_id: Option<Text<'a>>,
    pub(super) sequence: Option<Number>,
}

#[derive(Deserialize)]
struct Columns<'a> {
    #[serde(borrow, default)]
    aggregate_id: Cell<Text<'a>>,
    #[serde(default)]
    sequence: Cell<Number>,
    /// All of the above, where the converter writes the schema beside it.
    #[serde(borrow, default)]
    payload: Option<&'a RawValue>,
}

impl<'a> Key<'a> {
    /// `None` for a key that says nothing: it only spreads records over partitions.
    pub(super) fn read(key: &'a [u8]) -> Option<Self> {
        let columns: Columns<'a> = serde_json::from_slice(key).ok()?;
        let columns = match columns {
            Columns { aggregate_id: Cell::Absent, payload: Some(payload), .. } => {
                serde_json::from_str(payload.get()).ok()?
            }
            columns => columns,
        };
        Some(Self { aggregate_id: columns.aggregate_id.value(), sequence: columns.sequence.value() })
    }
}
