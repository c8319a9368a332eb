use es_core::store::BoxError;

/// The store could not be opened. Nothing was written but, where that was asked for, missing tables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No node could be reached, or none accepted the credentials.
    #[error("no node of {hosts:?} can be used: {source}; check the addresses, the credentials and TLS")]
    Unreachable {
        /// The nodes that were named.
        hosts: Vec<String>,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
    /// No keyspace was named.
    #[error("no keyspace is named: add `.keyspace(\"..\")`")]
    NoKeyspace,
    /// A name cannot be that of a keyspace or a table.
    #[error(
        "`{0}` cannot name a keyspace or a table: write lower-case letters, digits and `_`, at most {MOST_NAME} of them, and begin with a letter"
    )]
    BadName(String),
    /// The keyspace is not there.
    #[error(
        "keyspace `{keyspace}` does not exist: create it, or add `.create_if_missing(..)`; its DDL:\n{ddl}"
    )]
    NoSuchKeyspace {
        /// Which.
        keyspace: String,
        /// What creates it.
        ddl: String,
    },
    /// A table is not there.
    #[error("table `{table}` does not exist: create it, or add `.create_if_missing(..)`; its DDL:\n{ddl}")]
    NoSuchTable {
        /// Which.
        table: String,
        /// What creates it.
        ddl: String,
    },
    /// A table is not as this program needs it.
    #[error("table `{table}` cannot be used: {reason}; {remedy}")]
    UnfitTable {
        /// Which.
        table: String,
        /// What is wrong.
        reason: String,
        /// What to do.
        remedy: String,
    },
    /// The store was made with settings that this program does not know.
    #[error(
        "the store's setting `{name}` is `{value}`, which this program does not know: deploy the newer code"
    )]
    UnknownSetting {
        /// Which.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Serial consistency within one datacenter, where several can write.
    #[error(
        "the store's serial consistency is LOCAL_SERIAL, but keyspace `{keyspace}` is replicated to {datacenters:?}: writers in two datacenters would both win; use SERIAL"
    )]
    LocalSerialOverDatacenters {
        /// Which.
        keyspace: String,
        /// Where its replicas are.
        datacenters: Vec<String>,
    },
    /// A statement at start failed.
    #[error("`{statement}` failed: {source}")]
    Statement {
        /// Which.
        statement: String,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
}

/// The longest name: tables add a suffix to it, and Cassandra allows 48 characters.
pub(crate) const MOST_NAME: usize = 38;
