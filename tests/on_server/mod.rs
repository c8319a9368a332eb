//! The whole way, on the servers of `cargo xtask stack up --pipeline`: from Cassandra through Debezium and Kafka into
//! PostgreSQL.

mod outage;
mod poison;
mod relay;
mod world;
