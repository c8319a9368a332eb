#[cfg(feature = "sqlite")]
use std::path::PathBuf;

#[cfg(any(feature = "sqlite", feature = "postgres"))]
use es_core::store::BoxError;

/// A database could not be opened.
#[cfg(feature = "sqlite")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file cannot be opened, made, locked or read as a SQLite database.
    #[error("{path:?} cannot be opened as a SQLite database: {source}")]
    Database {
        /// Which file.
        path: PathBuf,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
    /// A newer version of event-sourcing-rs made the tables.
    #[error("{path:?}: `{what}` has version {found}, this program knows {known}: deploy the newer code")]
    NewerSchema {
        /// Which file.
        path: PathBuf,
        /// Which of the tables: `store` or `views`.
        what: &'static str,
        /// The version in the file.
        found: String,
        /// The newest version known here.
        known: u32,
    },
    /// The file system cannot hold a write-ahead log, without which commits are neither fast nor safe.
    #[error("{path:?}: journal mode is `{mode}` where `wal` was asked for: use a local file system")]
    NoWal {
        /// Which file.
        path: PathBuf,
        /// The mode that SQLite chose.
        mode: String,
    },
    /// A database in memory has no file that another connection, or the next start, could open.
    #[error(
        "a SQLite database in memory is lost with its connection: name a file, or use MemoryEventStore and MemoryRepository"
    )]
    InMemory,
}

/// A PostgreSQL database cannot be reached, or is not ready for views. Comes as the source of a
/// [`RepositoryError::Unfit`](es_core::repository::RepositoryError::Unfit), or of an
/// [`Unavailable`](es_core::repository::RepositoryError::Unavailable) where the database said so.
#[cfg(feature = "postgres")]
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The address is none. It is not shown, since it may hold a password.
    #[error(
        "the address of the PostgreSQL database cannot be read: write `postgres://user:password@host:port/database`"
    )]
    Address,
    /// A schema cannot be called that.
    #[error(
        "`{0}` cannot be the name of a schema: write small letters, digits and `_`, at most 63, with no digit first"
    )]
    SchemaName(String),
    /// The server cannot be reached, or does not let this role in.
    #[error(
        "PostgreSQL at {host}:{port} cannot be used: {source}; look at the server, the address, and the role's rights"
    )]
    Connect {
        /// Its host, or the folder of its socket.
        host: String,
        /// Its port.
        port: u16,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The database cannot be asked, or the tables cannot be made.
    #[error("the tables for views cannot be made ready in PostgreSQL: {0}")]
    Database(#[source] BoxError),
    /// The database cannot keep every text.
    #[error(
        "the PostgreSQL database has the encoding {encoding}, which cannot keep every text: make it with ENCODING 'UTF8'"
    )]
    Encoding {
        /// Its encoding.
        encoding: String,
    },
    /// A newer version of event-sourcing-rs made the tables.
    #[error(
        "the views in PostgreSQL have version {found}, this program knows {known}: deploy the newer code"
    )]
    NewerSchema {
        /// The version in the database.
        found: String,
        /// The newest version known here.
        known: &'static str,
    },
}

#[cfg(feature = "postgres")]
impl From<sqlx::Error> for PrepareError {
    fn from(error: sqlx::Error) -> Self {
        Self::Database(Box::new(error))
    }
}
