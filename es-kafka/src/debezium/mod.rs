//! What Debezium writes into a topic, read as commits.
//!
//! One reader takes the records of every connector, with schemas inside the JSON or without, whatever their key:
//! they differ in how a column's value is wrapped, and each column is looked at as it comes.

mod cell;
mod encode;
mod envelope;
mod key;
mod refused;
mod row;
#[cfg(test)]
mod tests;

pub use encode::{key_of, record_of};
pub use refused::Refused;

use std::{borrow::Cow, sync::Arc};

use es_core::{
    feed::FeedPayload,
    store::{LONGEST_ID, StreamId},
};

use envelope::Envelope;
use key::Key;
use row::Row;

/// The table whose records a topic holds.
///
/// ```
/// use es_kafka::debezium::Table;
/// let table = Table::new("bank", "account");
/// assert_eq!(table.topic("es"), "es.bank.account_events");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    keyspace: String,
    name: String,
    category: Cow<'static, str>,
}

impl Table {
    /// The events of `category` in `keyspace`.
    pub fn new(keyspace: impl Into<String>, category: impl Into<Cow<'static, str>>) -> Self {
        let category = category.into();
        Self { keyspace: keyspace.into(), name: format!("{category}_events"), category }
    }

    /// The topic that a connector with this prefix writes it to.
    pub fn topic(&self, prefix: &str) -> String {
        format!("{prefix}.{}.{}", self.keyspace, self.name)
    }

    /// The aggregates' category.
    pub fn category(&self) -> &str {
        &self.category
    }
}

/// Reads a record of `table`'s topic. Any bytes do: what cannot be read is [`FeedPayload::Malformed`], with the
/// bytes and a [`Refused`] as the reason.
///
/// A row that is whole becomes a [`FeedPayload::Commit`]. One whose place is known, but of which a column is lost or
/// cannot be read, is a [`FeedPayload::Hint`]: the store has it whole. What is no insert is [`FeedPayload::Other`].
///
/// ```
/// use es_core::feed::FeedPayload;
/// use es_kafka::debezium::{Table, decode};
/// let table = Table::new("bank", "account");
/// // The events are lost, but not which commit it is.
/// let value = br#"{"op":"i","after":{"aggregate_id":{"value":"a1"},"sequence":{"value":7}}}"#;
/// assert!(matches!(decode(&table, None, Some(value)), FeedPayload::Hint { sequence: 7, .. }));
/// ```
pub fn decode(table: &Table, key: Option<&[u8]>, value: Option<&[u8]>) -> FeedPayload {
    // What follows a deletion, for Kafka's own compaction.
    let Some(value) = value else { return FeedPayload::Other };
    read(table, key, value).unwrap_or_else(|refused| FeedPayload::Malformed {
        bytes: value.to_vec(),
        reason: refused.to_string(),
    })
}

fn read(table: &Table, key: Option<&[u8]>, value: &[u8]) -> Result<FeedPayload, Refused> {
    let envelope = Envelope::read(value)?;
    if let Some(source) = &envelope.source
        && !source.is_of(&table.keyspace, &table.name)
    {
        let expected = format!("{}.{}", table.keyspace, table.name);
        return Err(Refused::ForeignTable { found: source.to_string(), expected });
    }
    match envelope.op() {
        Some("i" | "c") => {}
        Some(op) => {
            // The store neither updates nor deletes: somebody else does, or a repair repeats what somebody did.
            tracing::warn!(table = table.name, op, "a change that is no insert is passed over");
            return Ok(FeedPayload::Other);
        }
        None => return Err(Refused::NoOperation),
    }
    let mut row = match envelope.after {
        Some(after) => Row::read(after)?,
        None => Row::default(),
    };
    let bytes = key;
    let key = bytes.and_then(Key::read).unwrap_or_default();
    let id = match (std::mem::take(&mut row.aggregate_id).value(), key.aggregate_id) {
        // The fast path's key may be the id alone, whatever it looks like.
        (Some(id), Some(_)) if bytes == Some(id.0.as_bytes()) => id,
        (Some(id), Some(key)) if id.0 != key.0 => {
            return Err(Refused::WrongKey { key: key.0.into_owned(), row: id.0.into_owned() });
        }
        (Some(id), _) | (None, Some(id)) => id,
        (None, None) => return Err(Refused::NoPlace { column: "aggregate_id" }),
    };
    let sequence =
        row.sequence.clone().value().or(key.sequence).ok_or(Refused::NoPlace { column: "sequence" })?;
    let sequence = u64::try_from(sequence.0).ok().filter(|sequence| *sequence > 0);
    let sequence = sequence.ok_or_else(|| Refused::BadSequence { id: id.0.to_string() })?;
    if id.0.len() > LONGEST_ID {
        return Err(Refused::LongId { length: id.0.len() });
    }
    let stream = StreamId::new(table.category.clone(), id.0.as_ref());
    Ok(match row.commit(&stream, sequence) {
        Some(commit) => FeedPayload::Commit(Arc::new(commit)),
        None => FeedPayload::Hint { stream, sequence },
    })
}
