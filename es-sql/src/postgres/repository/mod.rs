//! The repository: view rows, checkpoints and offsets, saved in one transaction.

mod checkpoint;
mod generation;
mod offset;
mod read;
mod row;
mod statements;
mod transaction;

use std::{sync::Arc, time::Duration};

use es_core::{
    feed::Offset,
    projection::{FoldPlan, ViewProjection, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, Generations, ParkedAggregate, Repository, RepositoryError,
        Row, TakeOver,
    },
    store::StreamId,
};
use sqlx::PgPool;
use tokio::sync::OnceCell;

use self::transaction::Transaction;
use super::{
    schema,
    session::{REQUEST, Sessions, Timeouts},
};
use crate::{PrepareError, space::Space};

/// Views in PostgreSQL, version 12 or newer, for any number of projections and processes.
///
/// Everything is in tables whose names begin with `es_`, in the first schema of the connections' `search_path`. They
/// are made when the first projection is prepared, at [`App`]'s start; where the service may not make tables, give
/// [`PostgresRepository::SCHEMA`] to whoever may. It needs the rights to `SELECT`, `INSERT` and `UPDATE`, and to rebuild
/// views also to `DELETE`.
///
/// A batch's rows, checkpoints and offsets are saved in one transaction at `READ COMMITTED`. It moves the checkpoints
/// first, from the values that the listener expects, then locks the rows in the order of their keys: listeners of
/// several processes wait for each other, and no cycle of them can. The row locks of a process that is frozen in the
/// middle end after 30 seconds (`idle_in_transaction_session_timeout`).
///
/// The rows are there for SQL too, as text and `json`:
///
/// ```sql
/// SELECT key, (view->>'balance')::bigint FROM es_views WHERE projection = 'balances';
/// ```
///
/// After a rebuild they are under `'balances@1'` and so on; `es_generations` says which number serves.
///
/// In keys, NUL, which PostgreSQL's text cannot hold, is written as U+0001 U+0001, and U+0001 as U+0001 U+0002.
///
/// Connections lost, deadlocks with statements of others, and a server that is down or read-only are
/// [`RepositoryError::Unavailable`]: nothing was applied, or a commit's answer was lost; the checkpoints say which, and
/// the listener looks at them before it tries again.
///
/// No request waits for ever: what has no answer after [`PostgresRepository::request_timeout`] is
/// [`RepositoryError::Unavailable`], too, and its connection is closed, with those of the pool that lie idle. A host that
/// vanished without a word, by a power cut or behind a broken network, is noticed by nothing else.
///
/// Each projection in work needs one connection of the pool, and each query one while it runs. Clones are the same
/// repository. The pool must not be one that changes connections between the statements of a session without support
/// for prepared statements.
///
/// ```no_run
/// # async fn open() -> Result<(), es_sql::sqlx::Error> {
/// use es_sql::{PostgresRepository, sqlx::PgPool};
/// let pool = PgPool::connect("postgres://bank@db.example/bank").await?;
/// let views = PostgresRepository::new(&pool); // App::builder(store).projection(Balances, views)
/// # Ok(()) }
/// ```
///
/// [`App`]: es_core::app::App
#[derive(Clone, Debug)]
pub struct PostgresRepository {
    inner: Arc<Inner>,
    /// The one that is meant; the first by default.
    generation: u32,
    /// What one request may take.
    limit: Duration,
}

#[derive(Debug)]
struct Inner {
    pool: PgPool,
    /// Once the tables are ready.
    prepared: OnceCell<Timeouts>,
}

impl PostgresRepository {
    /// The statements that make the tables, once; [`Repository::prepare`] runs them where the tables are missing.
    pub const SCHEMA: &'static str = schema::DDL;

    /// Keeps views in the database of `pool`. Nothing is sent before the first projection is prepared.
    pub fn new(pool: &PgPool) -> Self {
        let inner = Inner { pool: pool.clone(), prepared: OnceCell::new() };
        Self { inner: Arc::new(inner), generation: 0, limit: REQUEST }
    }

    /// How long the answer to one request is waited for, 60 s by default: to a read, to each step of a batch, and to
    /// all statements of one event's [`SqlProjection::handle`](crate::SqlProjection::handle) together. What a rebuild
    /// compares and deletes, and what [`SqlProjection::prepare`](crate::SqlProjection::prepare) does, may take fifteen
    /// times that.
    ///
    /// It has to be longer than any of them takes on a slow day. A lock is waited for no longer than three quarters of it,
    /// or than the role's `lock_timeout`: a process that is frozen keeps others waiting for its rows for up to 30 s.
    #[must_use]
    pub fn request_timeout(mut self, timeout: Duration) -> Self {
        self.limit = timeout;
        self
    }

    /// Connections, after making the tables ready.
    async fn sessions(&self, projection: &'static str) -> Result<Sessions<'_>, RepositoryError> {
        let unprepared = Sessions { pool: &self.inner.pool, limit: self.limit, role: Timeouts::default() };
        let prepare = || async {
            let mut session = unprepared.session().await.map_err(unavailable)?;
            // Dropped in the middle, it is closed.
            let (connection, mut clock) = session.parts();
            clock.give_up();
            let prepared = async {
                Ok(match schema::prepare(&mut *connection).await {
                    Ok(()) => Ok(schema::timeouts(connection).await?),
                    Err(error) => Err(error),
                })
            };
            let prepared = clock.within("making the tables ready", prepared).await.map_err(unavailable)?;
            prepared.map_err(|error| match error {
                PrepareError::Database(_) => RepositoryError::Unavailable(error.into()),
                error => RepositoryError::Unfit { projection, source: error.into() },
            })
        };
        let role = *self.inner.prepared.get_or_try_init(prepare).await?;
        Ok(Sessions { role, ..unprepared })
    }

    fn space(&self, projection: &'static str) -> Space {
        Space::new(projection, self.generation)
    }
}

impl<P: ViewProjection> Repository<P, style::View> for PostgresRepository {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        self.sessions(P::NAME).await.map(drop)
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        self.read_checkpoints(P::NAME, streams).await
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        self.read_streams(P::NAME, after, limit).await
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.read_offsets(P::NAME).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let plan = FoldPlan::new(projection, batch)?;
        let mut session = self.session(P::NAME).await?;
        let tx = Transaction::begin(&mut session, self.space(P::NAME)).await.map_err(unavailable)?;
        plan.run(tx).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        self.read_parked(P::NAME, limit).await
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        self.read_dead_letters(P::NAME, limit).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let (space, mut session) = (self.space(P::NAME), self.session(P::NAME).await?);
        let (connection, mut clock) = session.parts();
        clock.within("reading a row", row::get(connection, &space, key)).await.map_err(unavailable)
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        let (space, mut session) = (self.space(P::NAME), self.session(P::NAME).await?);
        let (connection, mut clock) = session.parts();
        clock.within("listing rows", row::list(connection, &space, after, limit)).await.map_err(unavailable)
    }

    fn at_generation(&self, generation: u32) -> Option<Self> {
        Some(Self { inner: self.inner.clone(), generation, limit: self.limit })
    }

    async fn generations(&self) -> Result<Generations, RepositoryError> {
        generation::generations(self.sessions(P::NAME).await?, P::NAME).await
    }

    async fn begin_filling(&self) -> Result<u32, RepositoryError> {
        generation::begin_filling(self.sessions(P::NAME).await?, P::NAME).await
    }

    async fn take_over(&self, generation: u32) -> Result<TakeOver, RepositoryError> {
        generation::take_over(self.sessions(P::NAME).await?, &Space::new(P::NAME, generation)).await
    }

    async fn prune(&self) -> Result<(), RepositoryError> {
        generation::prune(self.sessions(P::NAME).await?, P::NAME).await
    }
}

/// `limit` as PostgreSQL takes it.
fn most(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

fn unavailable(error: sqlx::Error) -> RepositoryError {
    RepositoryError::Unavailable(Box::new(error))
}
