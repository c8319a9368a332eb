use es_core::store::LONGEST_ID;

/// Why a record cannot be used, nor what it means be fetched from the store.
///
/// It is the reason of a dead letter, so it says what to look for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The value is no record of Debezium's.
    #[error("not a change record in JSON: {0}; set the connector's value converter to JsonConverter")]
    NotJson(#[source] serde_json::Error),
    /// It does not say what was done to the row.
    #[error("there is no `op` in the record: is it one of Debezium's, not unwrapped by a transform?")]
    NoOperation,
    /// The row cannot be read.
    #[error("the row in `after` cannot be read: {0}")]
    BadRow(#[source] serde_json::Error),
    /// It is of another table, e.g. another service's.
    #[error(
        "the record is of table `{found}`, where `{expected}` is expected: who else writes to this topic?"
    )]
    ForeignTable {
        /// Where it came from.
        found: String,
        /// Where it should have come from.
        expected: String,
    },
    /// The Kafka key names another aggregate than the row does.
    #[error(
        "the key is of aggregate `{key}` and the row of `{row}`: look at what transforms the connector's keys"
    )]
    WrongKey {
        /// By the key.
        key: String,
        /// By the row.
        row: String,
    },
    /// Neither the row nor the key says which commit it is.
    #[error("neither the row nor the key has a readable `{column}`")]
    NoPlace {
        /// What is missing.
        column: &'static str,
    },
    /// Sequences count from 1.
    #[error(
        "the `sequence` of a row of aggregate `{id}` is below 1: who else writes to this table or topic?"
    )]
    BadSequence {
        /// Whose row.
        id: String,
    },
    /// No aggregate has such an id.
    #[error("the row's `aggregate_id` has {length} bytes, and ids have at most {LONGEST_ID}")]
    LongId {
        /// Its bytes.
        length: usize,
    },
}
