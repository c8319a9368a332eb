//! The change feed of event-sourcing-rs from Debezium through Apache Kafka: [`KafkaChangeFeed`].
//!
//! ```no_run
//! # fn feed() -> Result<(), es_kafka::ConfigError> {
//! use es_kafka::KafkaChangeFeed;
//! let feed = KafkaChangeFeed::builder("127.0.0.1:9092").keyspace("bank").build()?;
//! # Ok(()) }
//! ```
//!
//! Give it to `App::builder(store).change_feed(feed)`, with the event store whose changes Debezium brings.
//! [`debezium`] reads the records; what they have to be, and how the parts are set up, is in `docs/pipeline.md`.

pub mod debezium;
mod error;
mod fast_path;
mod feed;
mod look;
mod partitions;
mod rebalance;
mod subscription;

pub use error::{Client, ConfigError, ConsumeError};
pub use fast_path::{FastPath, FastPathError, Partitioning};
pub use feed::{Builder, KafkaChangeFeed};
pub use look::Topic;
pub use subscription::KafkaSubscription;
