//! Topics that come, grow, lose records and hold what nobody expects.

use std::time::Duration;

use es_core::feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Partition, Subscription};
use es_kafka::{KafkaChangeFeed, KafkaSubscription};
use rdkafka::{
    ClientConfig, TopicPartitionList,
    consumer::{BaseConsumer, Consumer},
};

use crate::{
    broker::{PARTITIONS, Topics, brokers},
    clock::{CATEGORY, chain},
    listener::{Listener, Saved, until},
};

const PATIENCE: Duration = Duration::from_secs(120);

async fn next(subscription: &mut KafkaSubscription) -> Result<FeedEvent, FeedError> {
    tokio::time::timeout(PATIENCE, subscription.next()).await.expect("something to know in time")
}

async fn assigned(subscription: &mut KafkaSubscription) -> Vec<Partition> {
    match next(subscription).await.unwrap() {
        FeedEvent::Assigned(partitions) => partitions,
        other => panic!("partitions come first, not {other:?}"),
    }
}

async fn records(subscription: &mut KafkaSubscription, count: usize) -> Vec<FeedRecord> {
    let mut all = Vec::new();
    while all.len() < count {
        match next(subscription).await.unwrap() {
            FeedEvent::Records(records) => all.extend(records),
            other => panic!("records were due, not {other:?}"),
        }
    }
    all
}

#[tokio::test(flavor = "multi_thread")]
async fn a_topic_that_comes_later_is_picked_up() {
    let topics = Topics::with("other").await;
    let feed = topics.feed().build().unwrap();
    let listener = Listener::start(&feed, "early", &["other", CATEGORY], &Saved::default());
    until(async || listener.owned().len() == PARTITIONS as usize).await;
    topics.create(CATEGORY).await;
    let commits = chain("a", &[1, 1]);
    for commit in &commits {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || listener.records().len() == commits.len()).await;
    assert_eq!(listener.owned().len(), 2 * PARTITIONS as usize);
}

/// A look from outside, which makes no topic.
#[tokio::test]
async fn the_broker_says_which_topics_there_are() {
    let topics = Topics::with(CATEGORY).await;
    let feed = topics.feed().build().unwrap();
    for _ in 0..2 {
        let found = feed.topics([CATEGORY, "missing"], PATIENCE).await.unwrap();
        let found: Vec<_> = found.into_iter().map(|topic| (topic.name, topic.partitions)).collect();
        let due = [(topics.name(CATEGORY), Some(PARTITIONS as usize)), (topics.name("missing"), None)];
        assert_eq!(found, due);
    }
    assert!(feed.topics([""; 0], PATIENCE).await.unwrap().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn partitions_that_come_later_are_read_from_their_beginning() {
    let topics = Topics::with(CATEGORY).await;
    let feed = topics.feed().build().unwrap();
    let listener = Listener::start(&feed, "l", &[CATEGORY], &Saved::default());
    until(async || listener.owned().len() == PARTITIONS as usize).await;
    topics.grow(CATEGORY, PARTITIONS as usize + 1).await;
    topics.send(CATEGORY, PARTITIONS, b"{}", b"first").await;
    until(async || listener.records().len() == 1).await;
    let last = format!("{}/{PARTITIONS}", topics.name(CATEGORY));
    assert_eq!(listener.records()[0].partition.as_ref(), last);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offset_that_is_gone_is_told_when_it_is_sought() {
    let topics = Topics::with(CATEGORY).await;
    for n in 0..10 {
        topics.send(CATEGORY, 0, b"{}", format!("{n}").as_bytes()).await;
    }
    topics.delete_before(CATEGORY, 0, 6).await;
    let feed = topics.feed().build().unwrap();
    let mut subscription = feed.subscribe("l", &[CATEGORY]).await.unwrap();
    let partition = assigned(&mut subscription).await.into_iter().find(|p| p.ends_with("/0")).unwrap();
    // Record 5 would come next and is gone; nobody has written 10 and 11; 9 is the last one.
    for gone in [0, 4, 10, 11] {
        let error = subscription.seek(&partition, Some(gone)).await.unwrap_err();
        assert!(matches!(error, FeedError::OffsetOutOfRange { offset, .. } if offset == gone), "{error}");
    }
    for there in [5, 9] {
        subscription.seek(&partition, Some(there)).await.unwrap();
    }
    subscription.seek(&partition, None).await.unwrap();
    let offsets: Vec<_> = records(&mut subscription, 4).await.iter().map(|record| record.offset).collect();
    assert_eq!(offsets, [6, 7, 8, 9]);
}

#[tokio::test(flavor = "multi_thread")]
async fn records_deleted_before_they_were_read_are_noticed() {
    let topics = Topics::with(CATEGORY).await;
    for n in 0..10 {
        topics.send(CATEGORY, 0, b"{}", format!("{n}").as_bytes()).await;
    }
    let feed = topics.feed().build().unwrap();
    let mut subscription = feed.subscribe("l", &[CATEGORY]).await.unwrap();
    let partition = assigned(&mut subscription).await.into_iter().find(|p| p.ends_with("/0")).unwrap();
    subscription.seek(&partition, Some(1)).await.unwrap();
    topics.delete_before(CATEGORY, 0, 6).await;
    let error = next(&mut subscription).await.unwrap_err();
    let FeedError::Unavailable(source) = &error else { panic!("{error}") };
    assert!(source.to_string().contains("deleted from the topic before they were read"), "{source}");
    // The listener subscribes again, and is told at the offset that it saved.
    drop(subscription);
    let mut subscription = feed.subscribe("l", &[CATEGORY]).await.unwrap();
    let partitions = assigned(&mut subscription).await;
    assert!(partitions.contains(&partition));
    let error = subscription.seek(&partition, Some(1)).await.unwrap_err();
    assert!(matches!(error, FeedError::OffsetOutOfRange { offset: 1, .. }), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_record_of_20_mb_is_read() {
    let topics = Topics::with(CATEGORY).await;
    let size = 20 << 20;
    topics.send(CATEGORY, 1, b"{}", &vec![b'x'; size]).await;
    topics.send(CATEGORY, 1, b"{}", b"after it").await;
    let feed = topics.feed().build().unwrap();
    let listener = Listener::start(&feed, "l", &[CATEGORY], &Saved::default());
    until(async || listener.records().len() == 2).await;
    let sizes: Vec<_> = listener.records().iter().map(|record| malformed(record).len()).collect();
    assert_eq!(sizes, [size, 8]);
}

fn malformed(record: &FeedRecord) -> &[u8] {
    match &record.payload {
        FeedPayload::Malformed { bytes, .. } => bytes,
        other => panic!("not {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_saved_shows_in_kafka() {
    let topics = Topics::with(CATEGORY).await;
    for commit in chain("a", &[1, 1, 1]) {
        topics.publish(CATEGORY, &commit).await;
    }
    let feed = topics.feed().group_prefix("bank").build().unwrap();
    let name = topics.keyspace.clone();
    let listener = Listener::start(&feed, &name, &[CATEGORY], &Saved::default());
    until(async || listener.records().len() == 3).await;
    let partition = listener.records()[0].partition.clone();
    let number = partition.rsplit_once('/').unwrap().1.parse().unwrap();
    let group: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers())
        .set("group.id", format!("bank.{name}"))
        .create()
        .unwrap();
    let topic = topics.name(CATEGORY);
    until(async || {
        let mut list = TopicPartitionList::new();
        list.add_partition(&topic, number);
        let committed = group.committed_offsets(list, PATIENCE).unwrap();
        committed.elements()[0].offset().to_raw() == Some(3)
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_broker_that_is_not_there_is_named() {
    let feed = KafkaChangeFeed::builder("127.0.0.1:1").keyspace("bank").build().unwrap();
    let Err(FeedError::Unavailable(error)) = feed.subscribe("l", &[CATEGORY]).await else {
        panic!("nobody is there")
    };
    let text = error.to_string();
    assert!(text.starts_with("no broker of `127.0.0.1:1` answers: ") && text.contains("refused"), "{text}");
}
