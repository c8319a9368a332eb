use std::path::PathBuf;

use es_core::store::BoxError;

/// A database could not be opened.
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
