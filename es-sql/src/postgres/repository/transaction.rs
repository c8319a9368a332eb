//! One open transaction.

use es_core::repository::{ApplyError, Batch, Move, RepositoryError, Row, ViewTransaction};
use sqlx::{PgPool, Postgres, SqlSafeStr};

use super::{checkpoint, generation, offset, row, unavailable};
use crate::space::Space;

/// The level is named, because a database may have another default. Whoever is frozen in the middle does not keep
/// rows locked for ever.
const READ_COMMITTED: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// For statements that are not ours: what they have read must not change before they write.
const REPEATABLE_READ: &str =
    "BEGIN ISOLATION LEVEL REPEATABLE READ; SET LOCAL idle_in_transaction_session_timeout = '30s'";

pub(super) struct Transaction {
    pub(super) tx: sqlx::Transaction<'static, Postgres>,
    space: Space,
    /// Whether a move has shown that the generation is written to.
    moved: bool,
}

impl Transaction {
    pub(super) async fn begin(pool: &PgPool, space: Space) -> Result<Self, sqlx::Error> {
        Ok(Self { tx: begin(pool, READ_COMMITTED).await?, space, moved: false })
    }

    pub(super) async fn begin_repeatable(pool: &PgPool, space: Space) -> Result<Self, sqlx::Error> {
        Ok(Self { tx: begin(pool, REPEATABLE_READ).await?, space, moved: false })
    }

    /// A statement of its own, for batches that move nothing.
    async fn ask_the_fence(&mut self) -> Result<(), ApplyError> {
        match generation::is_written(&mut self.tx, &self.space).await.map_err(unavailable)? {
            true => Ok(()),
            false => Err(self.space.superseded()),
        }
    }
}

/// At `READ COMMITTED`, for the tables of the generations.
pub(super) async fn begin_committed(
    pool: &PgPool,
) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    begin(pool, READ_COMMITTED).await
}

async fn begin(
    pool: &PgPool,
    begin: &'static str,
) -> Result<sqlx::Transaction<'static, Postgres>, sqlx::Error> {
    let connection = pool.acquire().await?;
    // In a task: the driver does not roll back what is dropped before BEGIN is answered, and the connection
    // would go back to the pool with a transaction open.
    let begun = tokio::spawn(sqlx::Transaction::begin(connection, Some(begin.into_sql_str()))).await;
    begun.map_err(|panic| sqlx::Error::Protocol(panic.to_string()))?
}

impl ViewTransaction for Transaction {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        let elsewhere = checkpoint::advance(&mut self.tx, &self.space, moves).await.map_err(unavailable)?;
        self.moved = elsewhere.len() < moves.len();
        if !self.moved {
            self.ask_the_fence().await?;
        }
        Ok(elsewhere)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        row::lock(&mut self.tx, &self.space, keys).await.map_err(unavailable)
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        row::save(&mut self.tx, &self.space, rows).await.map_err(unavailable)
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        if !self.moved {
            self.ask_the_fence().await?;
        }
        Ok(offset::save(&mut self.tx, &self.space, batch).await.map_err(unavailable)?)
    }

    async fn commit(self) -> Result<(), RepositoryError> {
        self.tx.commit().await.map_err(unavailable)
    }
}
