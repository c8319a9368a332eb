//! Snapshots: one per stream and fingerprint.
//!
//! They are written without a sync. Only acknowledged commits have one, and those are synced already; a
//! snapshot that a power cut takes is a miss.

use bytes::Bytes;
use es_core::{
    snapshot::Snapshot,
    store::{ReadError, StreamId},
};
use sqlx::{Row, SqlitePool};

use super::{read, unavailable};

const SAVE: &str = "INSERT INTO es_snapshots
    (category, aggregate_id, fingerprint, sequence, last_sequence, commit_id, state, command_ids)
    VALUES (?, ?, ?, ?, ?, ?, ?, ?)
    ON CONFLICT (category, aggregate_id, fingerprint) DO UPDATE SET sequence = excluded.sequence,
        last_sequence = excluded.last_sequence, commit_id = excluded.commit_id, state = excluded.state,
        command_ids = excluded.command_ids
    WHERE excluded.last_sequence > es_snapshots.last_sequence";

pub(super) async fn save(pool: &SqlitePool, snapshot: Snapshot) -> Result<(), ReadError> {
    let Snapshot { stream, version, fingerprint, state, command_ids } = snapshot;
    let query = sqlx::query(SAVE).bind(&*stream.category).bind(stream.id).bind(fingerprint.cast_signed());
    let query = query.bind(version.sequence().cast_signed()).bind(version.last_sequence().cast_signed());
    let id = version.commit_id().unwrap_or_default();
    let query = query.bind(&id.as_bytes()[..]).bind(&state[..]).bind(&command_ids[..]);
    query.execute(pool).await.map(drop).map_err(unavailable)
}

const LOAD: &str = "SELECT sequence, last_sequence, commit_id, state, command_ids FROM es_snapshots
    WHERE category = ? AND aggregate_id = ? AND fingerprint = ?";

pub(super) async fn load(
    pool: &SqlitePool,
    stream: &StreamId,
    fingerprint: u64,
) -> Result<Option<Snapshot>, ReadError> {
    let query =
        sqlx::query(LOAD).bind(&*stream.category).bind(stream.id.clone()).bind(fingerprint.cast_signed());
    let Some(row) = query.fetch_optional(pool).await.map_err(unavailable)? else { return Ok(None) };
    let bytes = |at: usize| row.try_get::<Vec<u8>, _>(at).map(Bytes::from).map_err(unavailable);
    Ok(Some(Snapshot {
        stream: stream.clone(),
        version: read::version(&row, 0, stream)?,
        fingerprint,
        state: bytes(3)?,
        command_ids: bytes(4)?,
    }))
}
