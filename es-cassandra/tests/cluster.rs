//! Where the server is, and keyspaces that no other test uses.

use es_cassandra::{Builder, CassandraEventStore, Replication};

/// `ES_CASSANDRA_HOSTS`, addresses with commas between them, or the stack's first node.
pub fn hosts() -> Vec<String> {
    let hosts = std::env::var("ES_CASSANDRA_HOSTS").unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    hosts.split(',').map(str::to_owned).collect()
}

/// As many replicas as there are nodes.
pub fn replication() -> Replication {
    Replication::Simple(hosts().len() as u8)
}

/// A store in a keyspace of its own, with what is missing created.
pub fn store(keyspace: &str) -> Builder {
    let builder = CassandraEventStore::builder(hosts()).keyspace(keyspace);
    builder.create_if_missing(replication())
}

/// A name that nobody has used.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", &uuid::Uuid::now_v7().simple().to_string()[..24])
}
