//! Where the server is, and keyspaces that no other test uses.

use std::net::{SocketAddr, ToSocketAddrs};

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

/// A name that nobody has used.
pub fn fresh(prefix: &str) -> String {
    format!("{prefix}_{}", &uuid::Uuid::now_v7().simple().to_string()[..24])
}

/// A keyspace of one test's own, which is dropped with it.
pub struct Keyspace(pub String);

impl Keyspace {
    /// Nothing is created yet: the store does that.
    pub fn fresh(prefix: &str) -> Self {
        Self(fresh(prefix))
    }

    pub fn name(&self) -> &str {
        &self.0
    }

    /// A store in it.
    pub fn store(&self) -> Builder {
        store(&self.0)
    }
}

impl Drop for Keyspace {
    fn drop(&mut self) {
        let statement = format!("DROP KEYSPACE IF EXISTS {}", self.0);
        // The test's own runtime may be the one that is ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            runtime.block_on(async {
                session().await.query_unpaged(statement, ()).await?;
                Ok::<_, Box<dyn std::error::Error + Send + Sync>>(())
            })
        });
        match dropped.join() {
            Ok(Ok(())) => {}
            Ok(Err(error)) => eprintln!("keyspace {} was not dropped: {error}", self.0),
            Err(_) => eprintln!("keyspace {} was not dropped", self.0),
        }
    }
}

/// Where the nodes are.
pub fn addresses() -> Vec<SocketAddr> {
    hosts().iter().map(|host| host.to_socket_addrs().unwrap().next().unwrap()).collect()
}
