//! Where everything is: the servers, and this run's names on them.

use std::{path::PathBuf, time::Duration};

use clap::{Arg, ArgMatches};
use event_sourcing::{
    cassandra::{Builder, CassandraEventStore, Replication},
    kafka::KafkaChangeFeed,
    prelude::*,
    repository::Repository,
    sql::sqlx::{self, AssertSqlSafe, PgPool, postgres::PgConnectOptions, postgres::PgPoolOptions},
};

use crate::{
    Failure, bank, fleet,
    views::{ByCarrier, Ledgers, Totals, Transfers},
};

/// How long one request to a node may take, and how long to find out what became of a write: short, so that a part
/// which is frozen for some seconds leaves outcomes unknown.
const REQUEST: Duration = Duration::from_millis(1500);
const SETTLE: Duration = Duration::from_secs(4);

/// In events. Small: streams go through several.
pub(crate) const BUCKET_SIZE: u64 = 100;

/// Of one run.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    hosts: Vec<String>,
    brokers: String,
    postgres: String,
    /// Names the keyspace and the schema.
    run: String,
    /// Where histories and reports go.
    pub(crate) folder: PathBuf,
    pub(crate) seed: u64,
}

impl Place {
    pub(crate) fn arguments() -> Vec<Arg> {
        let text = |name: &'static str, value: &'static str, help: &'static str| {
            Arg::new(name).long(name).value_name(value).required(true).help(help)
        };
        vec![
            text("hosts", "HOST:PORT,..", "Nodes of Cassandra"),
            text("brokers", "HOST:PORT,..", "Brokers of Kafka"),
            text("postgres", "URL", "The database of views"),
            text("run", "NAME", "The keyspace, and the schema of the views"),
            text("folder", "FOLDER", "Where histories and reports go"),
            text("seed", "N", "What is random follows from it").value_parser(clap::value_parser!(u64)),
        ]
    }

    pub(crate) fn of(arguments: &ArgMatches) -> Self {
        let text = |name| arguments.get_one::<String>(name).map_or("", String::as_str);
        Self {
            hosts: text("hosts").split(',').map(str::to_owned).collect(),
            brokers: text("brokers").to_owned(),
            postgres: text("postgres").to_owned(),
            run: text("run").to_owned(),
            folder: PathBuf::from(text("folder")),
            seed: arguments.get_one("seed").copied().unwrap_or(0),
        }
    }

    pub(crate) fn hosts(&self) -> &[String] {
        &self.hosts
    }

    pub(crate) fn run(&self) -> &str {
        &self.run
    }

    pub(crate) fn histories(&self) -> PathBuf {
        self.folder.join("history")
    }

    pub(crate) fn statuses(&self) -> PathBuf {
        self.folder.join("status")
    }

    /// Makes what all processes use: one does it, before any other starts.
    pub(crate) async fn set_up(&self) -> Result<(), Failure> {
        let replicas = u8::try_from(self.hosts.len())?;
        self.builder()
            .bucket_size(BUCKET_SIZE)
            .create_if_missing(Replication::Simple(replicas))
            .connect()
            .await?;
        let admin = PgPool::connect_with(self.postgres.parse()?).await?;
        let schema = format!("CREATE SCHEMA IF NOT EXISTS {}", self.run);
        sqlx::raw_sql(AssertSqlSafe(schema)).execute(&admin).await?;
        admin.close().await;
        let views = self.views().await?;
        Repository::<Ledgers>::prepare(&views).await?;
        Repository::<Totals>::prepare(&views).await?;
        Repository::<Transfers>::prepare(&views).await?;
        Ok(Repository::<ByCarrier>::prepare(&views).await?)
    }

    fn builder(&self) -> Builder {
        let builder = CassandraEventStore::builder(self.hosts.clone()).keyspace(&self.run);
        builder.category(bank::CATEGORY).category(fleet::CATEGORY)
    }

    pub(crate) async fn store(&self) -> Result<CassandraEventStore, Failure> {
        Ok(self.builder().request_timeout(REQUEST).settle_within(SETTLE).connect().await?)
    }

    pub(crate) fn feed(&self) -> Result<KafkaChangeFeed, Failure> {
        let feed = KafkaChangeFeed::builder(&self.brokers).keyspace(&self.run);
        // The least that a broker takes: a listener that was killed is missed soon, and one that was frozen for longer
        // wakes up with partitions that are another's by then.
        Ok(feed.option("session.timeout.ms", "6000").build()?)
    }

    pub(crate) async fn pool(&self) -> Result<PgPool, Failure> {
        let options: PgConnectOptions = self.postgres.parse()?;
        let options = options.options([("search_path", &self.run)]);
        Ok(PgPoolOptions::new().max_connections(8).connect_with(options).await?)
    }

    pub(crate) async fn views(&self) -> Result<PostgresRepository, Failure> {
        Ok(PostgresRepository::new(&self.pool().await?))
    }
}

/// Does it until it succeeds: a process that starts while a part is down waits for it, as a service would.
pub(crate) async fn at_last<T>(what: &str, mut attempt: impl AsyncFnMut() -> Result<T, Failure>) -> T {
    loop {
        match attempt().await {
            Ok(done) => return done,
            Err(error) => {
                eprintln!("{what}: {error}; trying again");
                tokio::time::sleep(Duration::from_millis(500)).await;
            }
        }
    }
}
