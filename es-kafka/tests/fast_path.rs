//! Commits that listeners see before any connector has read them.

use es_core::{
    app::App,
    repository::{MemoryRepository, Repository},
    store::{EventStore, MemoryEventStore},
};
use es_kafka::{KafkaChangeFeed, Partitioning};

use crate::{
    broker::Topics,
    clock::{CATEGORY, Seen, chain},
    listener::{Trusted, until},
};

#[tokio::test(flavor = "multi_thread")]
async fn a_commit_is_in_the_view_without_a_connector() {
    for partitioning in [Partitioning::AggregateId, Partitioning::ConnectKey] {
        let topics = Topics::with(CATEGORY).await;
        let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
        let feed = topics.feed().build().unwrap();
        let fast = feed.fast_path(store.clone(), partitioning).unwrap();
        let app = App::builder(store)
            .change_feed(Trusted(feed))
            .projection(Seen, views.clone())
            .start()
            .await
            .unwrap();
        for commit in chain("{\"a\"} é", &[1, 2, 1]) {
            fast.append(commit).await.unwrap();
        }
        let seen = async || Repository::<Seen>::get(&views, "{\"a\"} é").await.unwrap();
        until(async || seen().await.is_some_and(|bytes| bytes == b"[1,2,3,4]")).await;
        let status = app.projections().remove(0);
        assert_eq!((status.applied, status.fetched, status.malformed), (3, 0, 0));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_fails_no_commit() {
    let feed = KafkaChangeFeed::builder("127.0.0.1:1").keyspace("bank").build().unwrap();
    let store = MemoryEventStore::new();
    let fast = feed.fast_path(store.clone(), Partitioning::AggregateId).unwrap();
    let commits = chain("a", &[1; 50]);
    for commit in &commits {
        fast.append(commit.clone()).await.unwrap();
    }
    let stored = store.read(&commits[0].stream, 1, 100).await.unwrap().commits;
    assert_eq!(stored, commits);
}
