//! One open transaction. SQLite's write lock, taken at its start, is the lock on all rows.

use es_core::repository::{ApplyError, Batch, Move, RepositoryError, Row, ViewTransaction};
use sqlx::{Connection, Row as _, SqlSafeStr, Sqlite, SqliteConnection, SqlitePool};
use tokio::sync::OwnedMutexGuard;

use super::{checkpoint, generation, unavailable};
use crate::{
    space::Space,
    sqlite::{
        gate::Gate,
        values::{MOST, Parameters, Statement},
    },
};

pub(super) struct Transaction {
    pub(super) writing: Writing,
    space: Space,
}

impl Transaction {
    pub(super) async fn begin(pool: &SqlitePool, gate: &Gate, space: Space) -> Result<Self, ApplyError> {
        let mut writing = Writing::begin(pool, gate).await?;
        // With the write lock held: who takes over has it, too.
        match generation::is_written(&mut writing.tx, &space).await.map_err(unavailable)? {
            true => Ok(Self { writing, space }),
            false => Err(space.superseded()),
        }
    }
}

/// The write lock.
pub(super) struct Writing {
    // Before the turn: dropped first, so that the rollback is on its way when the next writer enters.
    pub(super) tx: sqlx::Transaction<'static, Sqlite>,
    _turn: OwnedMutexGuard<()>,
}

impl Writing {
    pub(super) async fn begin(pool: &SqlitePool, gate: &Gate) -> Result<Self, RepositoryError> {
        // The connection first: who has the turn must not wait for one.
        let mut connection = pool.acquire().await.map_err(unavailable)?;
        while connection.is_in_transaction() {
            // SQLite rolled back by itself, after a disk error say, and the driver did not notice.
            drop(connection.detach());
            connection = pool.acquire().await.map_err(unavailable)?;
        }
        let turn = gate.enter().await;
        let tx = sqlx::Transaction::begin(connection, Some("BEGIN IMMEDIATE".into_sql_str()));
        Ok(Self { tx: tx.await.map_err(unavailable)?, _turn: turn })
    }

    pub(super) async fn commit(self) -> Result<(), RepositoryError> {
        self.tx.commit().await.map_err(unavailable)
    }
}

static READ_ROWS: Statement = Statement::new(
    2,
    "SELECT v.column1, r.view FROM ",
    " JOIN es_views r ON r.projection = ? AND r.key = v.column2 WHERE v.column1 IS NOT NULL",
);

async fn read_rows(
    tx: &mut SqliteConnection,
    space: &Space,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, sqlx::Error> {
    let mut views = vec![None; keys.len()];
    for (first, chunk) in (0..).step_by(MOST).zip(keys.chunks(MOST)) {
        let mut p = Parameters::with_capacity(READ_ROWS.width(chunk.len()) + 1);
        for (at, key) in (first..).zip(chunk) {
            p.push(at as i64)?;
            p.push(key.as_str())?;
        }
        p.pad(READ_ROWS.width(chunk.len()))?;
        p.push(&*space.name)?;
        for row in sqlx::query_with(READ_ROWS.sql(chunk.len()), p.finish()).fetch_all(&mut *tx).await? {
            views[row.try_get::<i64, _>(0)? as usize] = Some(row.try_get(1)?);
        }
    }
    Ok(views)
}

static SAVE_ROWS: Statement = Statement::new(
    3,
    "INSERT INTO es_views (projection, key, view) SELECT column1, column2, column3 FROM ",
    " WHERE column1 IS NOT NULL ON CONFLICT (projection, key) DO UPDATE SET view = excluded.view",
);

async fn save_rows(tx: &mut SqliteConnection, space: &Space, rows: &[Row]) -> Result<(), sqlx::Error> {
    for chunk in rows.chunks(MOST) {
        let mut p = Parameters::with_capacity(SAVE_ROWS.width(chunk.len()));
        for (key, view) in chunk {
            p.push(&*space.name)?;
            p.push(key.as_str())?;
            p.push(std::str::from_utf8(view).map_err(|e| sqlx::Error::Encode(e.into()))?)?;
        }
        sqlx::query_with(SAVE_ROWS.sql(chunk.len()), p.finish()).execute(&mut *tx).await?;
    }
    Ok(())
}

const SAVE_OFFSET: &str = "INSERT INTO es_offsets (projection, partition, offset) VALUES (?, ?, ?)
    ON CONFLICT (projection, partition) DO UPDATE SET offset = max(offset, excluded.offset)";

const SAVE_LETTER: &str = "INSERT INTO es_dead_letters (projection, partition, offset, bytes, reason)
    VALUES (?, ?, ?, ?, ?) ON CONFLICT (projection, partition, offset) DO NOTHING";

async fn save_offsets(tx: &mut SqliteConnection, space: &Space, batch: &Batch) -> Result<(), sqlx::Error> {
    for offset in &batch.offsets {
        let query = sqlx::query(SAVE_OFFSET).bind(&*space.name).bind(&*offset.partition).bind(offset.offset);
        query.execute(&mut *tx).await?;
    }
    for letter in &batch.dead_letters {
        let query = sqlx::query(SAVE_LETTER).bind(&*space.name).bind(&*letter.partition).bind(letter.offset);
        query.bind(&letter.bytes[..]).bind(letter.reason.as_str()).execute(&mut *tx).await?;
    }
    Ok(())
}

impl ViewTransaction for Transaction {
    async fn move_checkpoints(&mut self, moves: &[Move]) -> Result<Vec<usize>, ApplyError> {
        Ok(checkpoint::advance(&mut self.writing.tx, &self.space, moves).await.map_err(unavailable)?)
    }

    async fn lock_rows(&mut self, keys: &[String]) -> Result<Vec<Option<Vec<u8>>>, RepositoryError> {
        read_rows(&mut self.writing.tx, &self.space, keys).await.map_err(unavailable)
    }

    async fn save_rows(&mut self, rows: &[Row]) -> Result<(), RepositoryError> {
        save_rows(&mut self.writing.tx, &self.space, rows).await.map_err(unavailable)
    }

    async fn save_offsets(&mut self, batch: &Batch) -> Result<(), ApplyError> {
        Ok(save_offsets(&mut self.writing.tx, &self.space, batch).await.map_err(unavailable)?)
    }

    async fn commit(self) -> Result<(), RepositoryError> {
        self.writing.commit().await
    }
}
