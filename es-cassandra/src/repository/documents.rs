use es_core::{
    feed::Offset,
    repository::{Checkpoint, DeadLetter, Document, DocumentRepository, RepositoryError},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use scylla::statement::{
    Consistency,
    batch::{Batch, BatchType},
};

use super::{CassandraRepository, failed, rows, unavailable};

/// How many rows are read at the same time.
const READERS: usize = 64;

impl DocumentRepository for CassandraRepository {
    fn longest_view(&self) -> usize {
        1 << 20
    }

    async fn make_ready(&self, projection: &'static str) -> Result<(), RepositoryError> {
        self.0.view(projection).await.map(drop)
    }

    async fn load(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> Result<Vec<Option<Document>>, RepositoryError> {
        let view = self.0.view(projection).await?;
        let one = async |at: usize| {
            let key = keys[at];
            let rows = self.0.one(projection, &view.load, key).await?;
            let row = rows.maybe_first_row::<rows::DocumentRow>().map_err(unavailable)?;
            row.map(|row| rows::document(projection, key, row)).transpose()
        };
        stream::iter(0..keys.len()).map(one).buffered(READERS).try_collect().await
    }

    async fn load_checkpoints(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> Result<Vec<Option<Checkpoint>>, RepositoryError> {
        let view = self.0.view(projection).await?;
        let one = async |at: usize| {
            let key = keys[at];
            let rows = self.0.one(projection, &view.checkpoint, key).await?;
            let row = rows.maybe_first_row::<rows::CheckpointRow>().map_err(unavailable)?;
            row.map(|row| rows::checkpoint(projection, key, row)).transpose()
        };
        stream::iter(0..keys.len()).map(one).buffered(READERS).try_collect().await
    }

    async fn replace(
        &self,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> Result<bool, RepositoryError> {
        self.0.replace(projection, key, expected, document).await
    }

    async fn scan(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Document)>, RepositoryError> {
        self.0.scan(projection, after, limit).await
    }

    async fn scan_keys(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<String>, RepositoryError> {
        self.0.scan_keys(projection, after, limit).await
    }

    async fn scan_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<(String, Checkpoint)>, RepositoryError> {
        self.0.scan_parked(projection, limit).await
    }

    async fn save_offsets(
        &self,
        projection: &'static str,
        offsets: &[Offset],
    ) -> Result<(), RepositoryError> {
        // One partition, so this is one write and not a transaction of several.
        let mut batch = Batch::new(BatchType::Unlogged);
        batch.set_consistency(Consistency::Quorum);
        batch.set_is_idempotent(true);
        batch.set_request_timeout(Some(self.0.connection.request_timeout));
        let mut values = Vec::with_capacity(offsets.len());
        for Offset { partition, offset } in offsets {
            batch.append_statement(self.0.save_offset.clone());
            values.push((projection, &**partition, *offset, *offset));
        }
        self.0.connection.session.batch(&batch, values).await.map_err(failed(projection))?;
        Ok(())
    }

    async fn load_offsets(&self, projection: &'static str) -> Result<Vec<Offset>, RepositoryError> {
        let session = &self.0.connection.session;
        let found = session.execute_unpaged(&self.0.load_offsets, (projection,)).await;
        let rows = found.map_err(failed(projection))?.into_rows_result().map_err(unavailable)?;
        let rows = rows.rows::<(&str, i64)>().map_err(unavailable)?;
        rows.map(|row| {
            row.map(|(partition, offset)| Offset { partition: partition.into(), offset }).map_err(unavailable)
        })
        .collect()
    }

    async fn save_dead_letters(
        &self,
        projection: &'static str,
        letters: &[DeadLetter],
    ) -> Result<(), RepositoryError> {
        // Few, and each may be long.
        for DeadLetter { partition, offset, bytes, reason } in letters {
            let values = (projection, &**partition, *offset, bytes, reason);
            let saved = self.0.connection.session.execute_unpaged(&self.0.save_letter, values).await;
            saved.map_err(failed(projection))?;
        }
        Ok(())
    }

    async fn load_dead_letters(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, RepositoryError> {
        let limit = i32::try_from(limit).unwrap_or(i32::MAX);
        if limit == 0 {
            return Ok(Vec::new());
        }
        let session = &self.0.connection.session;
        let found = session.execute_unpaged(&self.0.load_letters, (projection, limit)).await;
        let rows = found.map_err(failed(projection))?.into_rows_result().map_err(unavailable)?;
        let rows = rows.rows::<(&str, i64, Vec<u8>, String)>().map_err(unavailable)?;
        rows.map(|row| {
            let (partition, offset, bytes, reason) = row.map_err(unavailable)?;
            Ok(DeadLetter { partition: partition.into(), offset, bytes, reason })
        })
        .collect()
    }
}
