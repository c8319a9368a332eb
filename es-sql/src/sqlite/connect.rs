use std::{
    path::{Path, PathBuf},
    time::{Duration, Instant},
};

use sqlx::{
    ConnectOptions, Connection, Row, SqliteConnection, SqlitePool,
    sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous},
};

use super::schema::Schema;
use crate::OpenError;

/// How long one statement waits for another process's write lock; writers try again for longer than that.
const BUSY_TIMEOUT: Duration = Duration::from_secs(2);
/// How long opening a file waits for other processes that open it too.
const OPEN_BUDGET: Duration = Duration::from_secs(30);

/// A database file and how to connect to it.
#[derive(Clone, Debug)]
pub(crate) struct Database {
    pub(crate) path: PathBuf,
    options: SqliteConnectOptions,
}

impl Database {
    /// Makes the file ready: write-ahead log, and `schema`'s tables.
    pub(crate) async fn open(path: &Path, schema: &Schema) -> Result<Self, OpenError> {
        if path.as_os_str().is_empty() || path == Path::new(":memory:") {
            return Err(OpenError::InMemory);
        }
        // Absolute, so that a name that begins with `file:` is not taken for a URI.
        let path = std::path::absolute(path).map_err(|e| database(path, e))?;
        let options = SqliteConnectOptions::new()
            .filename(&path)
            .create_if_missing(true)
            .busy_timeout(BUSY_TIMEOUT)
            // More rows for each switch between the connection's thread and its reader.
            .row_buffer_size(64)
            .thread_name(|id| format!("es-sqlite-{id}"))
            // Statements of many rows keep their scratch tables in memory.
            .pragma("temp_store", "MEMORY")
            // Copying the log back costs a tenth at 64 MiB of what it costs at SQLite's 4 MiB.
            .pragma("wal_autocheckpoint", "16000")
            .disable_statement_logging();
        let database = Self { path, options };
        let mut connection = database.connect().await?;
        database.prepare(&mut connection, schema).await?;
        connection.close().await.map_err(|e| database.error(e))?;
        Ok(database)
    }

    /// Switches an open database to the write-ahead log and makes `schema`'s tables.
    pub(crate) async fn prepare_open(
        path: PathBuf,
        connection: &mut SqliteConnection,
        schema: &Schema,
    ) -> Result<(), OpenError> {
        Self { path, options: SqliteConnectOptions::new() }.prepare(connection, schema).await
    }

    async fn prepare(&self, connection: &mut SqliteConnection, schema: &Schema) -> Result<(), OpenError> {
        let started = Instant::now();
        loop {
            // Changing the journal mode does not wait for other connections by itself.
            match self.try_prepare(connection, schema).await {
                Err(OpenError::Database { source, .. })
                    if is_busy_box(&*source) && started.elapsed() < OPEN_BUDGET =>
                {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                other => return other,
            }
        }
    }

    async fn try_prepare(&self, connection: &mut SqliteConnection, schema: &Schema) -> Result<(), OpenError> {
        let mode = sqlx::query("PRAGMA journal_mode = WAL").fetch_one(&mut *connection).await;
        let mode: String = mode.and_then(|row| row.try_get(0)).map_err(|e| self.error(e))?;
        if !mode.eq_ignore_ascii_case("wal") {
            return Err(OpenError::NoWal { path: self.path.clone(), mode });
        }
        schema.create(connection, &self.path).await
    }

    /// A connection whose every commit is synced before it returns.
    pub(crate) async fn connect(&self) -> Result<SqliteConnection, OpenError> {
        let options = self.options.clone().synchronous(SqliteSynchronous::Full);
        // 32 MiB, so that a transaction over many streams does not spill.
        options.pragma("cache_size", "-32768").connect().await.map_err(|e| self.error(e))
    }

    /// Connections that leave the tail of the log to the next sync, made when they are needed.
    pub(crate) fn pool(&self) -> SqlitePool {
        let options = SqlitePoolOptions::new().max_connections(4).test_before_acquire(false);
        options.connect_lazy_with(self.options.clone().synchronous(SqliteSynchronous::Normal))
    }

    fn error(&self, source: sqlx::Error) -> OpenError {
        database(&self.path, source)
    }
}

pub(crate) fn database(path: &Path, source: impl std::error::Error + Send + Sync + 'static) -> OpenError {
    OpenError::Database { path: path.to_owned(), source: Box::new(source) }
}

/// SQLite's primary result code.
pub(crate) fn code(error: &sqlx::Error) -> Option<i32> {
    let code: i32 = error.as_database_error()?.code()?.parse().ok()?;
    Some(code & 0xff)
}

/// Whether another connection's lock was in the way: nothing happened, and trying again helps.
pub(crate) fn is_busy(error: &sqlx::Error) -> bool {
    const BUSY: i32 = 5;
    const LOCKED: i32 = 6;
    matches!(code(error), Some(BUSY | LOCKED))
}

/// Whether a statement that is a transaction of its own failed before it wrote anything.
pub(crate) fn wrote_nothing(error: &sqlx::Error) -> bool {
    const ERROR: i32 = 1; // in the SQL, or the tables are gone
    const READONLY: i32 = 8;
    const CANTOPEN: i32 = 14;
    const CONSTRAINT: i32 = 19;
    const NOTADB: i32 = 26;
    matches!(error, sqlx::Error::Encode(_))
        || matches!(code(error), Some(ERROR | READONLY | CANTOPEN | CONSTRAINT | NOTADB))
}

fn is_busy_box(error: &(dyn std::error::Error + 'static)) -> bool {
    error.downcast_ref().is_some_and(is_busy)
}
