//! Turnstiles that count who passes, a keyspace of a test's own, and where the servers are.

use std::{
    net::{SocketAddr, ToSocketAddrs},
    sync::atomic::{AtomicBool, Ordering},
    time::Duration,
};

use event_sourcing::{
    cassandra::{CassandraEventStore, Replication},
    kafka::KafkaChangeFeed,
    prelude::*,
    sql::sqlx::{
        self, AssertSqlSafe, PgPool,
        postgres::{PgConnectOptions, PgPoolOptions},
    },
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// How long anything may take on the slowest machine.
pub const PATIENCE: Duration = Duration::from_secs(180);

#[derive(Event, Serialize, Deserialize)]
#[event("gate.passed")]
pub struct Passed {
    pub people: u64,
}

#[derive(Aggregate, Default)]
#[aggregate("gate", id = String, events(Passed))]
pub struct Gate {
    pub people: u64,
}

impl Apply<Passed> for Gate {
    fn apply(&mut self, event: &Passed) {
        self.people += event.people;
    }
}

pub struct Pass(pub u64);

#[command_handler]
fn pass(_: &Gate, cmd: &Pass) -> Result<Passed, std::convert::Infallible> {
    Ok(Passed { people: cmd.0 })
}

/// While it is so, nobody counts beyond three people at once: a mistake of the handler's.
pub static JAMMED: AtomicBool = AtomicBool::new(false);

pub struct Counts;

#[derive(Default, Debug, PartialEq, Serialize, Deserialize)]
pub struct Count {
    pub people: u64,
    pub events: u64,
}

#[derive(Debug, thiserror::Error)]
#[error("{0} people at once")]
pub struct Jam(u64);

#[projection("counts", view = Count, key = str)]
impl Counts {
    fn passed(view: &mut Count, event: &Passed) -> Result<(), Jam> {
        if event.people > 3 && JAMMED.load(Ordering::SeqCst) {
            return Err(Jam(event.people));
        }
        view.people += event.people;
        view.events += 1;
        Ok(())
    }
}

pub fn server(variable: &str, otherwise: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| otherwise.to_owned())
}

pub fn node() -> SocketAddr {
    let hosts = server("ES_CASSANDRA_HOSTS", "127.0.0.1:9042");
    hosts.split(',').next().unwrap().to_socket_addrs().unwrap().next().unwrap()
}

pub fn broker() -> SocketAddr {
    server("ES_KAFKA_BROKERS", "127.0.0.1:9092").parse().unwrap()
}

pub fn postgres() -> PgConnectOptions {
    server("ES_POSTGRES_URL", "postgres://postgres@127.0.0.1:54320/postgres").parse().unwrap()
}

/// A keyspace, and a schema of views of the same name.
pub struct Place {
    pub name: String,
    admin: PgPool,
}

impl Place {
    pub async fn new() -> Self {
        let name = format!("way_{}", &Uuid::now_v7().simple().to_string()[..24]);
        let admin = PgPool::connect_with(postgres()).await.unwrap();
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {name}"))).execute(&admin).await.unwrap();
        Self { name, admin }
    }

    pub async fn store(&self) -> CassandraEventStore {
        let builder = CassandraEventStore::builder([node().to_string()]).keyspace(&self.name);
        builder.category("gate").create_if_missing(Replication::Simple(1)).connect().await.unwrap()
    }

    pub fn feed(&self, broker: SocketAddr) -> KafkaChangeFeed {
        KafkaChangeFeed::builder(broker.to_string()).keyspace(&self.name).build().unwrap()
    }

    pub async fn views(&self, options: PgConnectOptions) -> PostgresRepository {
        // How long a query waits for a connection is the pool's to say.
        let pool = PgPoolOptions::new().acquire_timeout(Duration::from_secs(3));
        let pool = pool.connect_with(options.options([("search_path", &*self.name)])).await.unwrap();
        PostgresRepository::new(&pool)
    }

    /// Removes what it has stored.
    pub async fn close(self) {
        let drop = format!("DROP SCHEMA {} CASCADE", self.name);
        sqlx::raw_sql(AssertSqlSafe(drop)).execute(&self.admin).await.unwrap();
        let builder = CassandraEventStore::builder([node().to_string()]).keyspace(&self.name);
        builder.drop_keyspace().await.unwrap();
    }
}

/// Commits until one has come through the connector, which must have heard of the table first (docs/pipeline.md).
pub async fn until_the_connector_knows(writer: &App, listener: &App) {
    let mut n = 0;
    until("a commit came through the connector", async || {
        writer.execute(&format!("probe {n}"), Pass(1)).await.unwrap();
        n += 1;
        tokio::time::sleep(Duration::from_millis(500)).await;
        let status = listener.projections().remove(0);
        status.applied > status.fetched
    })
    .await;
}

/// Waits until it is so.
pub async fn until(what: &str, mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.unwrap_or_else(|_| panic!("it never was so: {what}"));
}
