//! The whole way: a commit to Cassandra, Debezium, Kafka, a view.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::{Duration, Instant},
};

use es_cassandra::{CassandraEventStore, Replication};
use es_core::{
    app::App,
    feed::FeedPayload,
    repository::{MemoryRepository, Repository},
    store::EventStore,
};

use es_kafka::Partitioning;

use crate::{
    broker::Topics,
    clock::{CATEGORY, Seen, chain},
    listener::{Listener, Saved, until},
};

async fn store(keyspace: &str) -> CassandraEventStore {
    let hosts = std::env::var("ES_CASSANDRA_HOSTS").unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    let hosts: Vec<_> = hosts.split(',').map(str::to_owned).collect();
    let replication = Replication::Simple(hosts.len() as u8);
    let builder = CassandraEventStore::builder(hosts).keyspace(keyspace).category(CATEGORY);
    builder.create_if_missing(replication).connect().await.unwrap()
}

/// An App over a keyspace that the connector reads, with a store to write to it.
struct Pipeline {
    topics: Topics,
    writer: CassandraEventStore,
    views: MemoryRepository,
    app: App,
}

impl Pipeline {
    /// Commits made before the connector has heard of a new table are lost to it, and of a table that comes right
    /// with its keyspace it may never hear (docs/pipeline.md). So commits are made until one arrives, and where none
    /// does, in another keyspace.
    async fn start() -> Self {
        for _ in 0..2 {
            let topics = Topics::new();
            let writer = store(&topics.keyspace).await;
            let views = MemoryRepository::new();
            // The topic is not there yet: the connector creates it with the first commit that it sees.
            let feed = topics.feed().build().unwrap();
            let builder = App::builder(store(&topics.keyspace).await).change_feed(feed);
            let app = builder.projection(Seen, views.clone()).start().await.unwrap();
            for n in 0..120 {
                writer.append(chain(&format!("probe{n}"), &[1]).remove(0)).await.unwrap();
                tokio::time::sleep(Duration::from_secs(1)).await;
                if app.projections()[0].applied > 0 {
                    return Self { topics, writer, views, app };
                }
            }
        }
        panic!("no commit came through the connector: see its log in target/stack")
    }

    /// What the view shows, without asking the listener to look for it.
    async fn seen(&self, id: &str) -> Vec<u64> {
        let bytes = Repository::<Seen>::get(&self.views, id).await.unwrap();
        bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_what_is_stored() {
    let pipeline = Pipeline::start().await;
    let before = pipeline.app.projections().remove(0);
    // Quotes and letters beyond ASCII have to come through key, partitioner and row.
    let ids: Vec<_> = (0..25).map(|n| format!("a{n} \"é")).collect();
    let chains: Vec<_> = ids.iter().map(|id| chain(id, &[1, 3, 1, 2, 1, 1, 1, 1])).collect();
    for n in 0..8 {
        for chain in &chains {
            pipeline.writer.append(chain[n].clone()).await.unwrap();
        }
    }
    for id in &ids {
        until(async || pipeline.seen(id).await.len() == 11).await;
        assert_eq!(pipeline.seen(id).await, (1..=11).collect::<Vec<_>>());
    }
    let status = pipeline.app.projections().remove(0);
    assert_eq!((status.malformed, status.foreign, status.parked), (0, 0, 0));
    let came = status.applied - before.applied - (status.fetched - before.fetched);
    assert!(came > 100, "little came whole through the connector: {status:?}");
    println!("{status:?}");

    // Whatever the connector repeats, an aggregate's records are all in one partition.
    let feed = pipeline.topics.feed().build().unwrap();
    let topic = Listener::start(&feed, "places", &[CATEGORY], &Saved::default());
    let mut places = BTreeMap::<String, BTreeSet<_>>::new();
    until(async || topic.records().len() >= came as usize).await;
    for record in topic.records() {
        let FeedPayload::Commit(commit) = &record.payload else { panic!("{record:?}") };
        places.entry(commit.stream.id.to_string()).or_default().insert(record.partition);
    }
    assert!(places.values().all(|partitions| partitions.len() == 1), "{places:?}");
    assert!(places.values().flatten().collect::<BTreeSet<_>>().len() > 1, "all in one: {places:?}");

    let sample = Instant::now();
    pipeline.writer.append(chain("timed", &[1]).remove(0)).await.unwrap();
    until(async || pipeline.seen("timed").await == [1]).await;
    println!("a commit was in the view after {:?}", sample.elapsed());
    tokio::time::timeout(Duration::from_secs(60), pipeline.app.shutdown()).await.unwrap();
}

/// The copy that the command side sends, and the connector's, are in one partition, whichever comes first; the view
/// takes one of them.
#[tokio::test(flavor = "multi_thread")]
async fn both_copies_of_a_commit_meet_in_one_partition() {
    let pipeline = Pipeline::start().await;
    let feed = pipeline.topics.feed().build().unwrap();
    let fast = store(&pipeline.topics.keyspace).await;
    let fast = feed.fast_path(fast, partitioning()).unwrap();
    let chains: Vec<_> = (0..12).map(|n| chain(&format!("f{n} \"é"), &[1, 2, 1])).collect();
    for commit in chains.iter().flatten() {
        fast.append(commit.clone()).await.unwrap();
    }
    let topic = Listener::start(&feed, "places", &[CATEGORY], &Saved::default());
    let ours: BTreeSet<_> = chains.iter().flatten().map(|commit| commit.id).collect();
    let copies = || {
        let mut copies = BTreeMap::<_, Vec<_>>::new();
        for record in topic.records() {
            let FeedPayload::Commit(commit) = record.payload else { panic!("{record:?}") };
            if ours.contains(&commit.id) {
                copies.entry(commit.id).or_default().push(record.partition);
            }
        }
        copies
    };
    until(async || copies().values().filter(|places| places.len() > 1).count() == ours.len()).await;
    for places in copies().values() {
        assert!(places.iter().all(|place| *place == places[0]), "{places:?}");
    }
    for chain in &chains {
        let id = &chain[0].stream.id;
        until(async || pipeline.seen(id).await.len() == 4).await;
        assert_eq!(pipeline.seen(id).await, [1, 2, 3, 4]);
    }
    let sample = Instant::now();
    fast.append(chain("timed", &[1]).remove(0)).await.unwrap();
    until(async || pipeline.seen("timed").await == [1]).await;
    println!("a commit on the fast path was in the view after {:?}", sample.elapsed());
}

/// Which connector the stack runs: `ES_DEBEZIUM=connect` for the one in Kafka Connect.
fn partitioning() -> Partitioning {
    match std::env::var("ES_DEBEZIUM").as_deref() {
        Ok("connect") => Partitioning::ConnectKey,
        _ => Partitioning::AggregateId,
    }
}
