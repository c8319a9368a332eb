//! Rows to documents.

use es_core::{
    repository::{Checkpoint, Document, Parked, RepositoryError},
    store::from_millis,
};
use scylla::value::CqlTimestamp;
use uuid::Uuid;

/// The columns of a checkpoint, as [`super::tables`] lists them.
pub(super) type CheckpointRow =
    (Option<i64>, Option<Uuid>, Option<bool>, Option<i64>, Option<String>, Option<CqlTimestamp>);

/// The same with the view behind.
pub(super) type DocumentRow = (
    Option<i64>,
    Option<Uuid>,
    Option<bool>,
    Option<i64>,
    Option<String>,
    Option<CqlTimestamp>,
    Option<Vec<u8>>,
);

pub(super) fn checkpoint(
    projection: &'static str,
    key: &str,
    row: CheckpointRow,
) -> Result<Checkpoint, RepositoryError> {
    let (applied, commit_id, parked, sequence, error, at) = row;
    let corrupt = |reason: &str| RepositoryError::Corrupt {
        projection,
        what: format!("the checkpoint of `{key}`"),
        reason: reason.to_owned(),
    };
    let count =
        |count: Option<i64>, what| count.and_then(|n| u64::try_from(n).ok()).ok_or_else(|| corrupt(what));
    let applied = count(applied, "`applied` is no sequence")?;
    let parked = match parked {
        Some(true) => Some(Parked {
            sequence: count(sequence, "`parked_sequence` is no sequence")?,
            error: error.unwrap_or_default(),
            at: from_millis(at.ok_or_else(|| corrupt("`parked_at` is missing"))?.0),
        }),
        _ => None,
    };
    Ok(Checkpoint { applied, commit_id, parked })
}

pub(super) fn document(
    projection: &'static str,
    key: &str,
    row: DocumentRow,
) -> Result<Document, RepositoryError> {
    let (applied, commit_id, parked, sequence, error, at, view) = row;
    let checkpoint = checkpoint(projection, key, (applied, commit_id, parked, sequence, error, at))?;
    Ok(Document { checkpoint, view })
}
