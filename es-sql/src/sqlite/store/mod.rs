//! The event store.

mod append;
mod read;
mod snapshot;
mod writer;

use std::{
    path::{Path, PathBuf},
    sync::Arc,
};

use es_core::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};
use sqlx::SqlitePool;
use tokio::sync::{mpsc, watch};

use super::{SqlRepository, SqliteFeed, connect::Database, gate::Gate, recent::Recent, schema};
use crate::OpenError;

pub(crate) use read::{COLUMNS, stored_commit};

/// A durable event store in one SQLite file, for one machine; several processes may use the file at once.
///
/// An acknowledged commit is synced to the disk: it survives the process and a power cut, as far as the disk
/// keeps its promises. Appends that wait at the same time share one transaction and one sync.
///
/// Clones are the same store. Must be opened inside a tokio runtime with time enabled, and lives as long as
/// that runtime; when the last clone is dropped, what was sent is still written.
///
/// A commit over [`Limits::default`], 512 KiB and 4,096 events, is refused before it is sent.
#[derive(Clone)]
pub struct SqliteEventStore(Arc<Inner>);

struct Inner {
    path: PathBuf,
    appends: mpsc::Sender<writer::Append>,
    /// Reads, and what may be lost: it does not sync.
    pool: SqlitePool,
    gate: Gate,
    committed: watch::Receiver<u64>,
    recent: Arc<Recent>,
}

impl SqliteEventStore {
    /// Opens the file `path`; makes it, and the tables, when they are missing.
    ///
    /// Waits while other processes open it at the same time. Dropping the future leaves a file that can be opened again.
    ///
    /// # Errors
    ///
    /// [`OpenError`]: where it cannot be made or read, is no database, or was made by a newer version of this crate.
    pub async fn open(path: impl AsRef<Path>) -> Result<Self, OpenError> {
        let database = Database::open(path.as_ref(), &schema::STORE).await?;
        let connection = database.connect().await?;
        let pool = database.pool();
        let gate = Gate::of(&database.path);
        let path = database.path.clone();
        let recent = Arc::<Recent>::default();
        let (appends, committed) =
            writer::spawn(database, connection, gate.clone(), pool.clone(), recent.clone());
        Ok(Self(Arc::new(Inner { path, appends, pool, gate, committed, recent })))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.0.path
    }

    /// A repository in the store's own file: views, checkpoints and events in one place.
    ///
    /// # Errors
    ///
    /// [`OpenError`], as [`SqlRepository::open`].
    pub async fn repository(&self) -> Result<SqlRepository, OpenError> {
        SqlRepository::open(&self.0.path).await
    }
}

impl std::fmt::Debug for SqliteEventStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SqliteEventStore").field("path", &self.0.path).finish_non_exhaustive()
    }
}

impl EventStore for SqliteEventStore {
    type Feed = SqliteFeed;

    fn limits(&self) -> Limits {
        Limits::default()
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        append::append(&self.0.appends, self.limits(), commit).await
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        read::page(&self.0.pool, stream, from, limit).await
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        read::head(&self.0.pool, stream).await
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        read::heads(&self.0.pool, category, after, limit).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        let _turn = self.0.gate.enter().await;
        snapshot::save(&self.0.pool, snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        snapshot::load(&self.0.pool, stream, fingerprint).await
    }

    fn feed(&self) -> Option<SqliteFeed> {
        Some(SqliteFeed::new(self.0.pool.clone(), self.0.committed.clone(), self.0.recent.clone()))
    }
}

fn unavailable(error: sqlx::Error) -> ReadError {
    ReadError::Unavailable(Box::new(error))
}
