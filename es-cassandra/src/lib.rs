//! The event store of event-sourcing-rs on Apache Cassandra and ScyllaDB: [`CassandraEventStore`].
//!
//! ```no_run
//! # async fn connect() -> Result<(), es_cassandra::ConnectError> {
//! use es_cassandra::{CassandraEventStore, Replication};
//! let store = CassandraEventStore::builder(["127.0.0.1:9042"])
//!     .keyspace("bank")
//!     .category("account")
//!     .create_if_missing(Replication::Simple(1))
//!     .connect()
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! Each category has a table of its own, one row for each commit. A row is inserted by a lightweight transaction,
//! so that of two writers one wins, on every node and in every process. What the driver cannot tell is settled by
//! reading the place serially; see [`CassandraEventStore`].
//!
//! Tested against Apache Cassandra 5.0 and 4.1. **ScyllaDB is supported but was not tested on a server.**

mod error;
mod report;
mod repository;
mod schema;
mod session;
mod store;

pub use error::ConnectError;
pub use report::{Finding, Report, Severity};
pub use repository::CassandraRepository;
pub use schema::{Flavour, Replication, Server};
pub use session::Builder;
pub use store::CassandraEventStore;
