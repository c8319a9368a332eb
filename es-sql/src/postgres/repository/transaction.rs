//! One open transaction.

use es_core::repository::{Batch, Move, RepositoryError, Row, ViewTransaction};
use sqlx::{PgPool, Postgres, SqlSafeStr};

use super::{checkpoint, offset, row, unavailable};

/// The level is named, because a database may have another default. Whoever is frozen in the middle does not keep
/// rows locked for ever.
const READ_COMMITTED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// For statements that are not ours: what they have read must not change before they write.
const REPEATABLE_READ: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = '30s'";

pub(super) struct Transaction {
    pub(super) tx: sqlx::Transaction<'static, Postgres>,
    projection: &'static str,
}

impl Transaction {
    pub(super) async fn begin(pool: &PgPool, projection: &'static str) -> Result<Self, sqlx::Error> {
        Self::begin_with(READ_COMMITTED, pool, projection).await
    }

    pub(super) async fn begin_repeatable(
        pool: &PgPool,
        projection: &'static str,
    ) -> Result<Self, sqlx::Error> {
        Self::begin_with(REPEATABLE_READ, pool, projection).await
    }

    async fn begin_with(
        begin: &'static str,
        pool: &PgPool,
        projection: &'static str,
    ) -> Result<Self, sqlx::Error> {
        let connection = pool.acquire().await?;
        // In a task: the driver does not roll back what is dropped before BEGIN is answered, and the connection
        // would go back to the pool with a transaction open.
        let begun = tokio::spawn(sqlx::Transaction::begin(connection, Some(begin.into_sql_str()))).await;
        let tx = begun.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))??;
        Ok(Self { tx, projection })
    }
}

impl ViewTransaction for Transaction {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, RepositoryError> {
        checkpoint::advance(&mut self.tx, self.projection, moves).await.map_err(unavailable)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        row::lock(&mut self.tx, self.projection, keys).await.map_err(unavailable)
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        row::save(&mut self.tx, self.projection, rows).await.map_err(unavailable)
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), RepositoryError> {
        offset::save(&mut self.tx, self.projection, batch).await.map_err(unavailable)
    }

    async fn commit(self) -> Result<(), RepositoryError> {
        self.tx.commit().await.map_err(unavailable)
    }
}
