//! The repository: view rows, checkpoints and offsets, saved in one transaction.

mod checkpoint;
mod generation;
mod offset;
mod statements;
mod transaction;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use es_core::{
    feed::Offset,
    projection::{FoldPlan, ViewProjection, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, Generations, ParkedAggregate, Repository, RepositoryError,
        Row, TakeOver,
    },
    store::{BoxError, StreamId},
};
use sqlx::{Row as _, SqlitePool};
use tokio::sync::OnceCell;

use super::{connect::Database, gate::Gate, schema};
use crate::{OpenError, space::Space};

/// Views in a SQLite file, for any number of projections; several processes may use the file at once.
///
/// A batch's rows, checkpoints and offsets are saved in one transaction, so a power cut takes all of it or
/// nothing. A repository made with [`SqlRepository::open`] does not sync at every batch: a power cut may take
/// the last batches, whose offsets go with them, and the listener reads them again from the feed. In a file
/// shared with a store that weakens no event: the store's own commits sync what is before them.
///
/// Clones are the same repository.
#[derive(Clone, Debug)]
pub struct SqlRepository {
    inner: Arc<Inner>,
    /// The one that is meant; the first by default.
    generation: u32,
}

#[derive(Debug)]
struct Inner {
    pool: SqlitePool,
    gate: OnceCell<Gate>,
}

impl SqlRepository {
    /// Keeps views in the database of `pool`, in tables of its own whose names begin with `es_`.
    ///
    /// They are made, and the file is switched to a write-ahead log, when the projection is first prepared.
    /// The pool's own settings decide how durable a batch is. A database in memory is refused then, because
    /// each connection of a pool would have one of its own.
    pub fn sqlite(pool: &SqlitePool) -> Self {
        let inner = Inner { pool: pool.clone(), gate: OnceCell::new() };
        Self { inner: Arc::new(inner), generation: 0 }
    }

    /// Opens the file `path`; makes it, and the tables, when they are missing. May be a store's file.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: where it cannot be made or read, is no database, or was made by a newer version of this crate.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let database = Database::open(path.as_ref(), &schema::VIEWS).await?;
        let gate = OnceCell::new_with(Some(Gate::of(&database.path)));
        Ok(Self { inner: Arc::new(Inner { pool: database.pool(), gate }), generation: 0 })
    }

    /// The gate, after making the tables ready.
    async fn gate(&self) -> Result<&Gate, RepositoryError> {
        self.inner.gate.get_or_try_init(|| self.ready()).await.map_err(RepositoryError::Unavailable)
    }

    async fn ready(&self) -> Result<Gate, BoxError> {
        let mut connection = self.inner.pool.acquire().await?;
        let query = sqlx::query("SELECT file FROM pragma_database_list WHERE name = 'main'");
        let file: Option<String> = query.fetch_one(&mut *connection).await?.try_get(0)?;
        let file = PathBuf::from(file.unwrap_or_default());
        if file.as_os_str().is_empty() {
            return Err(OpenError::InMemory.into());
        }
        let gate = Gate::of(&file);
        let _turn = gate.enter().await;
        Database::prepare_open(file, &mut connection, &schema::VIEWS).await?;
        Ok(gate)
    }

    fn space(&self, projection: &'static str) -> Space {
        Space::new(projection, self.generation)
    }
}

impl<P: ViewProjection> Repository<P, style::View> for SqlRepository {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        self.gate().await.map(drop)
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        self.gate().await?;
        checkpoint::read(&self.inner.pool, &self.space(P::NAME), streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        self.gate().await?;
        checkpoint::streams(&self.inner.pool, &self.space(P::NAME), after, limit).await.map_err(unavailable)
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.gate().await?;
        offset::read(&self.inner.pool, &self.space(P::NAME)).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let plan = FoldPlan::new(projection, batch)?;
        let gate = self.gate().await?;
        plan.run(transaction::Transaction::begin(&self.inner.pool, gate, self.space(P::NAME)).await?).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        self.gate().await?;
        checkpoint::parked(&self.inner.pool, &self.space(P::NAME), limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        self.gate().await?;
        offset::dead_letters(&self.inner.pool, &self.space(P::NAME), limit).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        self.gate().await?;
        let query = sqlx::query("SELECT view FROM es_views WHERE projection = ? AND key = ?");
        let row = query
            .bind(self.space(P::NAME).name)
            .bind(key)
            .fetch_optional(&self.inner.pool)
            .await
            .map_err(unavailable)?;
        row.map(|row| row.try_get(0)).transpose().map_err(unavailable)
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        self.gate().await?;
        let sql = match after {
            Some(_) => "SELECT key, view FROM es_views WHERE projection = ? AND key > ? ORDER BY key LIMIT ?",
            None => "SELECT key, view FROM es_views WHERE projection = ? AND key >= ? ORDER BY key LIMIT ?",
        };
        let query =
            sqlx::query(sql).bind(self.space(P::NAME).name).bind(after.unwrap_or("")).bind(most(limit));
        let rows = query.fetch_all(&self.inner.pool).await.map_err(unavailable)?;
        rows.iter()
            .map(|row| Ok((row.try_get(0)?, row.try_get(1)?)))
            .collect::<Result<_, _>>()
            .map_err(unavailable)
    }

    fn at_generation(&self, generation: u32) -> Option<Self> {
        Some(Self { inner: self.inner.clone(), generation })
    }

    async fn generations(&self) -> Result<Generations, RepositoryError> {
        self.gate().await?;
        generation::generations(&self.inner.pool, P::NAME).await
    }

    async fn begin_filling(&self) -> Result<u32, RepositoryError> {
        generation::begin_filling(&self.inner.pool, self.gate().await?, P::NAME).await
    }

    async fn take_over(&self, generation: u32) -> Result<TakeOver, RepositoryError> {
        let space = Space::new(P::NAME, generation);
        generation::take_over(&self.inner.pool, self.gate().await?, &space).await
    }

    async fn prune(&self) -> Result<(), RepositoryError> {
        generation::prune(&self.inner.pool, self.gate().await?, P::NAME).await
    }
}

/// `limit` as SQLite takes it.
fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unavailable(error: sqlx::Error) -> RepositoryError {
    RepositoryError::Unavailable(Box::new(error))
}
