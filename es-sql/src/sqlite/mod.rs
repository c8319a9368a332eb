//! The embedded backend: everything in SQLite files.

mod connect;
mod feed;
mod gate;
mod recent;
mod repository;
pub(crate) mod schema;
mod store;
mod values;

pub use feed::{SqliteFeed, SqliteSubscription};
pub use repository::SqlRepository;
pub use store::SqliteEventStore;
