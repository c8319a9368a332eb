//! How long a commit takes from the store into a view, with the connector alone and with the fast path, in turns.

use std::{
    collections::HashMap,
    fmt::Write,
    path::Path,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use event_sourcing::{
    cassandra::{CassandraEventStore, Replication},
    feed::FeedPayload,
    kafka::{
        KafkaChangeFeed, Partitioning,
        debezium::{Table, decode},
    },
    prelude::*,
};
use rdkafka::{
    ClientConfig, Message,
    consumer::{Consumer, StreamConsumer},
};
use serde::Serialize;
use uuid::Uuid;

use crate::{
    Error,
    bank::{Account, Deposit},
    cases::Balances,
    options::Servers,
};

/// Between two commits, so that none waits for another.
const PAUSE: Duration = Duration::from_millis(20);
const AGGREGATES: u64 = 50;
/// How long the connector may take until it has heard of a new table.
const PATIENCE: Duration = Duration::from_secs(240);

/// A leg of the way, in milliseconds.
#[derive(Debug, Serialize)]
pub(crate) struct Leg {
    pub(crate) name: &'static str,
    pub(crate) commits: usize,
    pub(crate) p50: f64,
    pub(crate) p99: f64,
    pub(crate) max: f64,
}

impl Leg {
    fn of(name: &'static str, mut times: Vec<f64>) -> Self {
        times.sort_unstable_by(f64::total_cmp);
        let at = |share: f64| {
            let place = (times.len() as f64 * share).ceil() as usize;
            times.get(place.max(1) - 1).copied().unwrap_or(f64::NAN)
        };
        Self { name, commits: times.len(), p50: at(0.5), p99: at(0.99), max: at(1.0) }
    }
}

pub(crate) fn table(legs: &[Leg]) -> String {
    let width = legs.iter().map(|leg| leg.name.chars().count()).max().unwrap_or(0);
    let mut text =
        format!("One commit, from the store into a view\n  {:width$}  p50 ms  p99 ms  max ms\n", "");
    for Leg { name, p50, p99, max, .. } in legs {
        // A `String` takes everything.
        let _ = writeln!(text, "  {name:width$}  {p50:6.1}  {p99:6.1}  {max:6.1}");
    }
    text
}

/// Writes the legs into the report that is there.
pub(crate) fn add_to(path: &Path, legs: &[Leg]) -> Result<(), Error> {
    let mut report: serde_json::Value = serde_json::from_slice(&std::fs::read(path)?)?;
    report["latencies_ms"] = serde_json::to_value(legs)?;
    Ok(std::fs::write(path, serde_json::to_string_pretty(&report)?)?)
}

pub(crate) fn run(servers: &Servers, commits: u64) -> Result<Vec<Leg>, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(async {
        let keyspace = format!("es_bench_{}", &Uuid::now_v7().simple().to_string()[..24]);
        let legs = measure(servers, &keyspace, commits).await;
        CassandraEventStore::builder([&*servers.cassandra]).keyspace(&keyspace).drop_keyspace().await?;
        legs
    })
}

/// When a commit was acknowledged, and when the view showed it.
struct Timed {
    id: String,
    sequence: u64,
    sent: SystemTime,
    acknowledged: SystemTime,
    visible: SystemTime,
}

async fn measure(servers: &Servers, keyspace: &str, commits: u64) -> Result<Vec<Leg>, Error> {
    let store = || {
        let builder = CassandraEventStore::builder([&*servers.cassandra]).keyspace(keyspace);
        builder.category(Account::CATEGORY).create_if_missing(Replication::Simple(1)).connect()
    };
    let feed = KafkaChangeFeed::builder(&*servers.brokers).keyspace(keyspace).build()?;
    let slow = App::builder(store().await?).start().await?;
    let fast = App::builder(feed.fast_path(store().await?, Partitioning::AggregateId)?).start().await?;
    let reader = App::builder(store().await?).change_feed(feed);
    let reader = reader.projection(Balances, MemoryRepository::new()).start().await?;
    until_the_connector_knows(&slow, &reader).await?;
    let arrivals = Arrivals::watch(servers, keyspace)?;

    let (mut by_connector, mut by_fast_path) = (Vec::new(), Vec::new());
    for n in 0..commits {
        by_connector.push(one(&slow, &reader, format!("slow-{}", n % AGGREGATES)).await?);
        by_fast_path.push(one(&fast, &reader, format!("fast-{}", n % AGGREGATES)).await?);
    }
    arrivals.wait_for(&by_connector).await?;
    reader.shutdown().await;

    let between =
        |from: SystemTime, to: SystemTime| to.duration_since(from).map_or(0.0, |d| d.as_secs_f64() * 1e3);
    let leg = |name, timed: &[Timed], of: &dyn Fn(&Timed) -> (SystemTime, SystemTime)| {
        Leg::of(name, timed.iter().map(of).map(|(from, to)| between(from, to)).collect())
    };
    let arrived = |timed: &Timed| arrivals.of(timed).unwrap_or((timed.acknowledged, timed.acknowledged));
    Ok(vec![
        leg("command sent, acknowledged", &by_connector, &|t| (t.sent, t.acknowledged)),
        leg("acknowledged, visible: connector alone", &by_connector, &|t| (t.acknowledged, t.visible)),
        leg("  of it: until the connector sends it", &by_connector, &|t| (t.acknowledged, arrived(t).0)),
        leg("  of it: until a consumer has it", &by_connector, &|t| arrived(t)),
        leg("  of it: until the view shows it", &by_connector, &|t| (arrived(t).1, t.visible)),
        leg("acknowledged, visible: with the fast path", &by_fast_path, &|t| (t.acknowledged, t.visible)),
    ])
}

/// Commits made before the connector has heard of a new table are lost to it (docs/pipeline.md).
async fn until_the_connector_knows(writer: &App, reader: &App) -> Result<(), Error> {
    let known = async {
        let mut n = 0;
        loop {
            writer.execute(&format!("probe-{n}"), Deposit::sample()).await?;
            tokio::time::sleep(Duration::from_millis(500)).await;
            let status = reader.projections().remove(0);
            if status.applied > status.fetched {
                return Ok(());
            }
            n += 1;
        }
    };
    tokio::time::timeout(PATIENCE, known).await.map_err(|_| "no commit came through the connector")?
}

async fn one(writer: &App, reader: &App, id: String) -> Result<Timed, Error> {
    tokio::time::sleep(PAUSE).await;
    let sent = SystemTime::now();
    let done = writer.execute(&id, Deposit::sample()).await?;
    let acknowledged = SystemTime::now();
    reader.reached::<Balances>(done.token()).await?;
    Ok(Timed { id, sequence: done.version, sent, acknowledged, visible: SystemTime::now() })
}

type Seen = HashMap<(String, u64), (SystemTime, SystemTime)>;

/// When each commit's first record was made, and when a bare consumer had it.
struct Arrivals(Arc<Mutex<Seen>>);

impl Arrivals {
    fn watch(servers: &Servers, keyspace: &str) -> Result<Self, Error> {
        let table = Table::new(keyspace, Account::CATEGORY);
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &servers.brokers).set("group.id", format!("{keyspace}.arrivals"));
        client.set("auto.offset.reset", "earliest").set("enable.auto.commit", "false");
        let consumer: StreamConsumer = client.create()?;
        consumer.subscribe(&[&table.topic("es")])?;
        let seen = Arc::<Mutex<Seen>>::default();
        let into = seen.clone();
        tokio::spawn(async move {
            while let Ok(record) = consumer.recv().await {
                let received = SystemTime::now();
                let made = record.timestamp().to_millis().unwrap_or(0).unsigned_abs();
                let made = SystemTime::UNIX_EPOCH + Duration::from_millis(made);
                if let FeedPayload::Commit(commit) = decode(&table, record.key(), record.payload()) {
                    let place = (commit.stream.id.to_string(), commit.sequence);
                    let mut seen = into.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
                    seen.entry(place).or_insert((made, received));
                }
            }
        });
        Ok(Self(seen))
    }

    fn of(&self, timed: &Timed) -> Option<(SystemTime, SystemTime)> {
        let seen = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        seen.get(&(timed.id.clone(), timed.sequence)).copied()
    }

    async fn wait_for(&self, all: &[Timed]) -> Result<(), Error> {
        let come = async {
            while !all.iter().all(|timed| self.of(timed).is_some()) {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        };
        Ok(tokio::time::timeout(PATIENCE, come).await.map_err(|_| "not all commits came through Kafka")?)
    }
}

#[cfg(test)]
mod tests {
    use super::Leg;

    #[test]
    fn percentiles() {
        let leg = Leg::of("", (1..=200).rev().map(f64::from).collect());
        assert_eq!((leg.p50, leg.p99, leg.max), (100.0, 198.0, 200.0));
        assert_eq!(Leg::of("", vec![7.0]).p50, 7.0);
        assert!(Leg::of("", Vec::new()).max.is_nan());
    }
}
