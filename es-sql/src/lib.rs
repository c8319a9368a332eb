//! SQL backends of event-sourcing-rs, each behind the feature of its name:
//!
//! - `sqlite`, on by default: [`SqliteEventStore`], an embedded durable event store with its own change feed
//!   ([`SqliteFeed`]), and [`SqlRepository`], which keeps view rows and checkpoints in one transaction;
//! - `postgres`: [`PostgresRepository`], which does that in PostgreSQL.
//!
//! [`inspect`] looks at either from outside, for tools of operators.
//!
//! ```no_run
//! # #[cfg(feature = "sqlite")]
//! # async fn open() -> Result<(), es_sql::OpenError> {
//! use es_sql::{SqlRepository, SqliteEventStore};
//! let store = SqliteEventStore::open("bank.db").await?;
//! let views = SqlRepository::open("bank.db").await?; // the same file or another one
//! # Ok(()) }
//! ```

#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod blame;
mod error;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub mod inspect;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod limit;
#[cfg(feature = "postgres")]
pub mod postgres;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod space;
#[cfg(feature = "sqlite")]
pub mod sqlite;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod statements;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
mod time;

#[cfg(feature = "sqlite")]
pub use error::OpenError;
#[cfg(feature = "postgres")]
pub use error::PrepareError;
#[cfg(feature = "postgres")]
pub use postgres::PostgresRepository;
#[cfg(feature = "sqlite")]
pub use sqlite::{SqlRepository, SqliteEventStore, SqliteFeed};
/// The driver, for those who make a pool of their own.
pub use sqlx;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub use statements::SqlProjection;
#[cfg(any(feature = "sqlite", feature = "postgres"))]
pub(crate) use time::to_millis;
