//! A process that ends well: others go on with its partitions at once.

use std::time::Duration;

use es_core::{
    app::App,
    repository::{MemoryRepository, Repository},
    store::{EventStore, MemoryEventStore},
};
use rdkafka::{ClientConfig, consumer::BaseConsumer, consumer::Consumer};

use crate::{
    broker::{Topics, brokers},
    clock::{CATEGORY, Seen, chain},
    listener::{Trusted, until},
};

/// Who is in a group, as the broker has it.
async fn members(group: &str) -> usize {
    let group = group.to_owned();
    let ask = move || {
        let asking: BaseConsumer = ClientConfig::new().set("bootstrap.servers", brokers()).create().unwrap();
        let groups = asking.fetch_group_list(Some(&group), Duration::from_secs(30)).unwrap();
        groups.groups().iter().map(|group| group.members().len()).sum()
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

/// Its session would run for another half an hour, so that only leaving gives its partitions away.
#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_has_the_partitions_as_soon_as_the_first_is_shut_down() {
    let topics = Topics::with(CATEGORY).await;
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let start = async || {
        let feed = topics.feed().option("session.timeout.ms", "1800000");
        let feed = feed.option("max.poll.interval.ms", "1800000").build().unwrap();
        let builder = App::builder(store.clone()).change_feed(Trusted(feed));
        builder.projection(Seen, views.clone()).start().await.unwrap()
    };
    let shows = async |id: &str, last: u64| {
        let bytes = Repository::<Seen>::get(&views, id).await.unwrap();
        let seen: Vec<u64> = bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default();
        seen == (1..=last).collect::<Vec<_>>()
    };
    // In every partition.
    let ids: Vec<_> = (0..12).map(|n| format!("a{n}")).collect();
    let chains: Vec<_> = ids.iter().map(|id| chain(id, &[1; 4])).collect();
    for commit in chains.iter().flatten() {
        store.append(commit.clone()).await.unwrap();
    }
    let publish = async |range: std::ops::Range<usize>| {
        for commit in chains.iter().flat_map(|chain| &chain[range.clone()]) {
            topics.publish(CATEGORY, commit).await;
        }
    };
    let group = format!("{}.{}", topics.keyspace, <Seen as es_core::projection::Projection>::NAME);
    let first = start().await;
    publish(0..2).await;
    for id in &ids {
        until(async || shows(id, 2).await).await;
    }
    assert_eq!(members(&group).await, 1);
    first.shutdown().await;
    assert_eq!(members(&group).await, 0, "it has left by then");
    // Still there: only its listener has ended.
    let second = start().await;
    publish(2..4).await;
    for id in &ids {
        until(async || shows(id, 4).await).await;
    }
    let status = second.projections().remove(0);
    assert_eq!((status.applied, status.duplicates), (24, 0), "it goes on where the first one was");
    second.shutdown().await;
    drop(first);
}
