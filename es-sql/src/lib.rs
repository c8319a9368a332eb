//! SQL backends of event-sourcing-rs: [`SqliteEventStore`], an embedded durable event store with its own
//! change feed ([`SqliteFeed`]), and [`SqlRepository`], which keeps view rows and checkpoints in one
//! transaction.
//!
//! ```no_run
//! # async fn open() -> Result<(), es_sql::OpenError> {
//! use es_sql::{SqlRepository, SqliteEventStore};
//! let store = SqliteEventStore::open("bank.db").await?;
//! let views = SqlRepository::open("bank.db").await?; // the same file or another one
//! # Ok(()) }
//! ```

mod error;
pub mod sqlite;

pub use error::OpenError;
pub use sqlite::{SqlRepository, SqliteEventStore, SqliteFeed};
/// The driver, for those who make a pool of their own for [`SqlRepository::sqlite`].
pub use sqlx;
