//! Snapshots, in a table of their own.

use bytes::Bytes;
use es_core::{
    snapshot::Snapshot,
    store::{ReadError, StreamId},
};
use uuid::Uuid;

use super::{Inner, read::version, unavailable};

impl Inner {
    /// Written with the version as the time stamp, so that the newest one stays, whoever comes last.
    pub(super) async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        let Snapshot { stream, version, fingerprint, state, command_ids } = snapshot;
        let Some(commit) = version.commit_id() else { return Ok(()) };
        let tables = self.tables_to_read(&stream.category).await?;
        let values = (
            &*stream.id,
            fingerprint.cast_signed(),
            version.sequence().cast_signed(),
            version.last_sequence().cast_signed(),
            commit,
            state,
            command_ids,
            version.last_sequence().cast_signed(),
        );
        self.session.execute_unpaged(&tables.save_snapshot, values).await.map_err(unavailable)?;
        Ok(())
    }

    pub(super) async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        let tables = self.tables_to_read(&stream.category).await?;
        let key = (&*stream.id, fingerprint.cast_signed());
        let result = self.session.execute_unpaged(&tables.load_snapshot, key).await.map_err(unavailable)?;
        let rows = result.into_rows_result().map_err(unavailable)?;
        let row = rows.maybe_first_row::<(i64, i64, Uuid, Bytes, Bytes)>().map_err(unavailable)?;
        let Some((first, last, commit, state, command_ids)) = row else { return Ok(None) };
        let version = version(stream, (first, last, commit))?;
        Ok(Some(Snapshot { stream: stream.clone(), version, fingerprint, state, command_ids }))
    }
}
