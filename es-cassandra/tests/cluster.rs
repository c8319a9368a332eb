//! Where the server is, and keyspaces that no other test uses.

use es_cassandra::{Builder, CassandraEventStore, Replication};
use scylla::client::{session::Session, session_builder::SessionBuilder};

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
    connection().keyspace(keyspace).create_if_missing(replication())
}

/// A session of the test's own, to do what no store would.
pub async fn session() -> Session {
    let mut builder = SessionBuilder::new().known_nodes(hosts());
    if let Some((user, password)) = login() {
        builder = builder.user(user, password);
    }
    builder.build().await.unwrap()
}

/// `ES_CASSANDRA_USER` and `ES_CASSANDRA_PASSWORD`, where the server wants a login.
pub fn login() -> Option<(String, String)> {
    Some((std::env::var("ES_CASSANDRA_USER").ok()?, std::env::var("ES_CASSANDRA_PASSWORD").ok()?))
}

/// A builder that logs in where that is asked for.
pub fn connection() -> Builder {
    let builder = CassandraEventStore::builder(hosts());
    match login() {
        Some((user, password)) => builder.user(user, password),
        None => builder,
    }
}

/// A keyspace that nobody else uses, gone when this is.
pub struct Scratch(pub String);

impl Scratch {
    pub fn new(prefix: &str) -> Self {
        Self(fresh(prefix))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let drop = format!("DROP KEYSPACE IF EXISTS {}", self.0);
        // A runtime of its own: this one may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async { session().await.query_unpaged(drop, ()).await.unwrap() });
        });
        if dropped.join().is_err() && !std::thread::panicking() {
            panic!("keyspace {} is left behind", self.0);
        }
    }
}

/// A name that nobody has used.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", &uuid::Uuid::now_v7().simple().to_string()[..24])
}
