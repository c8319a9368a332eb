use es_core::store::BoxError;

/// The store, or a repository, could not be opened. Nothing was written but, where that was asked for, missing tables.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConnectError {
    /// No node could be reached.
    #[error(
        "no node of {hosts:?} can be reached: {source}; check the addresses, the firewall, and whether the nodes want TLS"
    )]
    Unreachable {
        /// The nodes that were named.
        hosts: Vec<String>,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
    /// A node answers, and does not let this user in.
    #[error(
        "{hosts:?} do not let {} in: {source}; {}",
        user.as_ref().map_or("anybody without a name".to_owned(), |name| format!("`{name}`")),
        if user.is_some() { "check the name and the password of `.user(name, password)`" } else { "add `.user(name, password)`" }
    )]
    LoginRefused {
        /// The nodes that were named.
        hosts: Vec<String>,
        /// Who wanted in, if a name was given.
        user: Option<String>,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
    /// The server is older than what this program was made for.
    #[error("{server} is too old: Apache Cassandra {least} is the oldest that can be used")]
    TooOld {
        /// What answered.
        server: String,
        /// What would do.
        least: String,
    },
    /// No keyspace was named.
    #[error("no keyspace is named: add `.keyspace(\"..\")`")]
    NoKeyspace,
    /// A name cannot be that of a keyspace or a table.
    #[error(
        "`{0}` cannot name a keyspace or a table: write lower-case letters, digits and `_`, at most {MOST_NAME} of them, and begin with a letter"
    )]
    BadName(String),
    /// A projection's name is longer than that of a table may be.
    #[error(
        "projection `{0}` needs a table, whose name would be too long: give it a name of at most 43 characters"
    )]
    LongProjection(String),
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
    /// The nodes do not write a change log, so no listener would see what is stored.
    #[error(
        "nodes {nodes:?} run with `cdc_enabled: false`, so no listener would see what is stored there: set `cdc_enabled: true` in their cassandra.yaml and restart them"
    )]
    CdcDisabled {
        /// Which.
        nodes: Vec<String>,
    },
    /// The store was made with settings that this program does not know.
    #[error(
        "setting `{name}` in {table} is `{value}`, which this program does not know: deploy the code that wrote it"
    )]
    UnknownSetting {
        /// Where it is.
        table: String,
        /// Which.
        name: &'static str,
        /// Its value.
        value: String,
    },
    /// Serial consistency within one datacenter: with a second one, two writers would both win.
    #[error(
        "serial_consistency in {table} is LOCAL_SERIAL, with which writers in two datacenters would both win: stop all writers, then set it to `SERIAL`, which costs the same within one datacenter"
    )]
    LocalSerial {
        /// Where it is.
        table: String,
    },
    /// Fewer nodes are up than a majority of the replicas.
    #[error(
        "`{statement}` needs {required} replicas and {alive} are up: start the nodes that are down, or give the keyspace no more replicas than there are nodes (ALTER KEYSPACE .. WITH replication = ..)"
    )]
    NoQuorum {
        /// What could not be done.
        statement: String,
        /// How many it takes.
        required: i32,
        /// How many there are.
        alive: i32,
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
