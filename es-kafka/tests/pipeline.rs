//! The whole way: a commit to Cassandra, Debezium, Kafka, a view.

use std::time::{Duration, Instant};

use es_cassandra::{CassandraEventStore, Replication};
use es_core::{
    app::App,
    repository::{MemoryRepository, Repository},
    store::EventStore,
};

use crate::{
    broker::Topics,
    clock::{CATEGORY, Seen, chain},
    listener::until,
};

async fn store(keyspace: &str) -> CassandraEventStore {
    let hosts = std::env::var("ES_CASSANDRA_HOSTS").unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    let hosts: Vec<_> = hosts.split(',').map(str::to_owned).collect();
    let replication = Replication::Simple(hosts.len() as u8);
    let builder = CassandraEventStore::builder(hosts).keyspace(keyspace).category(CATEGORY);
    builder.create_if_missing(replication).connect().await.unwrap()
}

async fn seen(views: &MemoryRepository, id: &str) -> Vec<u64> {
    let bytes = Repository::<Seen>::get(views, id).await.unwrap();
    bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default()
}

/// Nobody asks the listener to look: what is in the view has come through Kafka, or was missing before what has.
#[tokio::test(flavor = "multi_thread")]
async fn a_view_shows_what_is_stored() {
    let topics = Topics::new();
    let writer = store(&topics.keyspace).await;
    let views = MemoryRepository::new();
    // The topic is not there yet: the connector creates it with the first commit.
    let builder = App::builder(store(&topics.keyspace).await).change_feed(topics.feed().build().unwrap());
    let app = builder.projection(Seen, views.clone()).start().await.unwrap();
    let chains: Vec<_> = (0..25).map(|n| chain(&format!("a{n} \"é"), &[1, 3, 1, 2, 1, 1, 1, 1])).collect();
    for n in 0..8 {
        for chain in &chains {
            writer.append(chain[n].clone()).await.unwrap();
        }
    }
    for n in 0..25 {
        let id = format!("a{n} \"é");
        until(async || seen(&views, &id).await.len() == 11).await;
        assert_eq!(seen(&views, &id).await, (1..=11).collect::<Vec<_>>());
    }
    let status = app.projections().remove(0);
    assert_eq!((status.applied, status.malformed, status.foreign, status.parked), (200, 0, 0, 0));
    assert!(status.fetched < 200, "nothing came through Kafka: {status:?}");
    println!("{status:?}");

    // An aggregate stays in one partition, so that nothing had to wait for what is in another.
    let (sample, id) = (Instant::now(), "timed");
    writer.append(chain(id, &[1]).remove(0)).await.unwrap();
    until(async || seen(&views, id).await == [1]).await;
    println!("a commit was in the view after {:?}", sample.elapsed());
    tokio::time::timeout(Duration::from_secs(60), app.shutdown()).await.unwrap();
}
