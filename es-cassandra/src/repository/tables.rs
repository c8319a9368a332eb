//! The statements of one projection.

use scylla::statement::prepared::PreparedStatement;

use crate::{ConnectError, schema::view_table, session::Connection};

pub(super) struct ViewTable {
    /// One document.
    pub(super) load: PreparedStatement,
    /// One checkpoint, without what may be long.
    pub(super) checkpoint: PreparedStatement,
    /// One checkpoint, serially: finishes what another writer has begun there.
    pub(super) look: PreparedStatement,
    /// One document, if there is none.
    pub(super) insert: PreparedStatement,
    /// One document, if it is still where it was.
    pub(super) update: PreparedStatement,
    /// All documents, in the order of their tokens.
    pub(super) scan: PreparedStatement,
    /// Those from a key's token on.
    pub(super) scan_from: PreparedStatement,
    /// All keys, in the order of their tokens.
    pub(super) keys: PreparedStatement,
    /// Those from a key's token on.
    pub(super) keys_from: PreparedStatement,
    pub(super) parked: PreparedStatement,
}

/// As [`super::rows::checkpoint`] takes them.
const CHECKPOINT: &str = "applied, commit_id, parked, parked_sequence, parked_error, parked_at";

impl ViewTable {
    pub(super) async fn prepare(
        connection: &Connection,
        keyspace: &str,
        projection: &str,
    ) -> Result<Self, ConnectError> {
        let table = format!("{keyspace}.{}", view_table(projection));
        let one = "projection = ? AND key = ?";
        let checkpoint = format!("SELECT {CHECKPOINT} FROM {table} WHERE {one}");
        let place = "SELECT projection, key, token(projection, key)";
        let keys = format!("{place} FROM {table}");
        let scan = format!("{place}, {CHECKPOINT}, content FROM {table}");
        let from = "WHERE token(projection, key) >= token(?, ?)";
        Ok(Self {
            load: connection.prepare(format!("SELECT {CHECKPOINT}, content FROM {table} WHERE {one}")).await?,
            look: connection.prepare_serial(checkpoint.clone()).await?,
            checkpoint: connection.prepare(checkpoint).await?,
            insert: connection
                .prepare_lwt(format!(
                    "INSERT INTO {table} ({CHECKPOINT}, content, projection, key) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS"
                ))
                .await?,
            update: connection
                .prepare_lwt(format!(
                    "UPDATE {table} SET applied = ?, commit_id = ?, parked = ?, parked_sequence = ?, parked_error = ?, \
                     parked_at = ?, content = ? WHERE {one} IF applied = ? AND parked = ?"
                ))
                .await?,
            scan_from: connection.prepare(format!("{scan} {from}")).await?,
            scan: connection.prepare(scan).await?,
            keys_from: connection.prepare(format!("{keys} {from}")).await?,
            keys: connection.prepare(keys).await?,
            parked: connection
                .prepare(format!("SELECT projection, key, {CHECKPOINT} FROM {table} WHERE parked = true"))
                .await?,
        })
    }
}
