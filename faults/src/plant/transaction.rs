//! A transaction of PostgreSQL, as the library's own, but for one thing.

use std::time::Duration;

use event_sourcing::{
    repository::{ApplyError, Batch, Move, RepositoryError, Row, ViewTransaction},
    sql::sqlx::{self, PgPool, Postgres, Transaction},
};

use super::Plant;

/// Between two commits that should be one: time for a kill to fall into.
const APART: Duration = Duration::from_millis(40);
/// Longer, because only the last commits of an aggregate are lost for good.
const OFFSETS_APART: Duration = Duration::from_secs(2);

pub(super) struct Careless {
    pool: PgPool,
    tx: Transaction<'static, Postgres>,
    projection: &'static str,
    plant: Plant,
}

fn unavailable(error: sqlx::Error) -> RepositoryError {
    RepositoryError::Unavailable(error.into())
}

impl Careless {
    pub(super) async fn begin(
        pool: &PgPool,
        projection: &'static str,
        plant: Plant,
    ) -> Result<Self, RepositoryError> {
        let tx = pool.begin().await.map_err(unavailable)?;
        Ok(Self { pool: pool.clone(), tx, projection, plant })
    }

    /// Commits what was done so far, and goes on in another transaction.
    async fn commit_early(&mut self, apart: Duration) -> Result<(), RepositoryError> {
        let next = self.pool.begin().await.map_err(unavailable)?;
        std::mem::replace(&mut self.tx, next).commit().await.map_err(unavailable)?;
        tokio::time::sleep(apart).await;
        Ok(())
    }

    async fn offsets(&mut self, batch: &Batch) -> Result<(), sqlx::Error> {
        for one in &batch.offsets {
            let save = sqlx::query(
                "INSERT INTO es_offsets (projection, partition, position) VALUES ($1, $2, $3)
                 ON CONFLICT (projection, partition) DO UPDATE SET position = greatest(es_offsets.position, $3)",
            );
            let save = save.bind(self.projection).bind(&*one.partition).bind(one.offset);
            save.execute(&mut *self.tx).await?;
        }
        Ok(())
    }

    /// Offsets that the batch has, before anything else.
    pub(super) async fn offsets_first(&mut self, batch: &Batch) -> Result<(), RepositoryError> {
        self.offsets(batch).await.map_err(unavailable)?;
        self.commit_early(OFFSETS_APART).await
    }
}

impl ViewTransaction for Careless {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        let mut elsewhere = Vec::new();
        for (at, one) in moves.iter().enumerate() {
            let make = sqlx::query(
                "INSERT INTO es_checkpoints (projection, category, aggregate_id, applied) VALUES ($1, $2, $3, 0)
                 ON CONFLICT DO NOTHING",
            );
            let (category, id) = (&*one.stream.category, &*one.stream.id);
            let make = make.bind(self.projection).bind(category).bind(id);
            make.execute(&mut *self.tx).await.map_err(unavailable)?;
            let step = sqlx::query(
                "UPDATE es_checkpoints SET applied = $4, commit_id = $5
                 WHERE projection = $1 AND category = $2 AND aggregate_id = $3 AND applied = $6",
            );
            let step = step.bind(self.projection).bind(category).bind(id).bind(one.to.applied.cast_signed());
            let step = step.bind(one.to.commit_id).bind(one.expected.applied.cast_signed());
            let done = step.execute(&mut *self.tx).await.map_err(unavailable)?;
            if done.rows_affected() == 0 {
                elsewhere.push(at);
            }
        }
        if self.plant == Plant::CheckpointApart && elsewhere.is_empty() {
            self.commit_early(APART).await?;
        }
        Ok(elsewhere)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        let lock = if self.plant == Plant::UnlockedRow { "" } else { "FOR UPDATE" };
        let read = format!("SELECT view::text FROM es_views WHERE projection = $1 AND key = $2 {lock}");
        let mut rows = Vec::with_capacity(keys.len());
        for key in keys {
            let make =
                sqlx::query("INSERT INTO es_views (projection, key) VALUES ($1, $2) ON CONFLICT DO NOTHING");
            make.bind(self.projection).bind(key).execute(&mut *self.tx).await.map_err(unavailable)?;
            let read = sqlx::query_scalar::<_, Option<String>>(sqlx::AssertSqlSafe(read.clone()));
            let read = read.bind(self.projection).bind(key).fetch_one(&mut *self.tx).await;
            rows.push(read.map_err(unavailable)?.map(String::into_bytes));
        }
        Ok(rows)
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        for (key, view) in rows {
            let save = sqlx::query("UPDATE es_views SET view = $3::json WHERE projection = $1 AND key = $2");
            let view = String::from_utf8_lossy(view).into_owned();
            let save = save.bind(self.projection).bind(key).bind(view);
            save.execute(&mut *self.tx).await.map_err(unavailable)?;
        }
        Ok(())
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        Ok(self.offsets(batch).await.map_err(unavailable)?)
    }

    async fn commit(self) -> Result<(), RepositoryError> {
        self.tx.commit().await.map_err(unavailable)
    }
}
