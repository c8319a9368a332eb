//! Processes that listen under one name share the partitions.

use std::time::Duration;

use es_core::feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Subscription};

use crate::{
    broker::{PARTITIONS, Topics, partition_of},
    clock::{CATEGORY, chain},
    listener::{Listener, Saved, until},
};

const ALL: usize = PARTITIONS as usize;

fn place(record: &FeedRecord) -> (String, i64) {
    (record.partition.to_string(), record.offset)
}

/// A second listener gets a part, hands it back when it leaves, and each record is seen once, in order: what one has
/// saved, the other does not get.
async fn share(strategy: &str) {
    let topics = Topics::with(CATEGORY).await;
    let feed = topics.feed().option("partition.assignment.strategy", strategy).build().unwrap();
    let saved = Saved::default();
    let commits: Vec<_> = (0..40).flat_map(|n| chain(&format!("a{n}"), &[1, 2, 1])).collect();
    let (now, later) = commits.split_at(60);
    for commit in now {
        topics.publish(CATEGORY, commit).await;
    }
    let first = Listener::start(&feed, "shared", &[CATEGORY], &saved);
    until(async || first.records().len() == now.len()).await;
    assert_eq!(first.owned().len(), ALL);

    let second = Listener::start(&feed, "shared", &[CATEGORY], &saved);
    until(async || (first.owned().len(), second.owned().len()) == (ALL / 2, ALL / 2)).await;
    assert!(first.owned().is_disjoint(&second.owned()));
    for commit in &later[..30] {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || first.records().len() + second.records().len() == now.len() + 30).await;
    let by_second = second.records();
    let is_seconds = |partition: i32| second.owned().iter().any(|p| p.ends_with(&format!("/{partition}")));
    let due = later[..30].iter().filter(|commit| is_seconds(partition_of(&commit.stream))).count();
    assert!(due > 0 && by_second.len() == due, "{due} records were due, {} came", by_second.len());

    second.leave().await;
    until(async || first.owned().len() == ALL).await;
    for commit in &later[30..] {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || first.records().len() + by_second.len() == commits.len()).await;
    let mut places: Vec<_> = first.records().iter().chain(&by_second).map(place).collect();
    places.sort();
    places.dedup();
    assert_eq!(places.len(), commits.len(), "a record came twice");
    for records in [first.records(), by_second] {
        let mut last = std::collections::HashMap::new();
        for record in records {
            assert!(matches!(record.payload, FeedPayload::Commit(_)));
            let before = last.insert(record.partition.clone(), record.offset);
            assert!(before.is_none_or(|before| before < record.offset), "{}", record.partition);
        }
    }
    let most = if strategy == "range" { ALL } else { ALL / 2 };
    assert_eq!(first.revoked()[0].len(), most, "what a newcomer takes away from the first");
}

#[tokio::test(flavor = "multi_thread")]
async fn listeners_share_and_hand_over() {
    share("cooperative-sticky").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn also_where_everybody_gives_up_everything_first() {
    share("range").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_given_away_is_not_ours() {
    let topics = Topics::with(CATEGORY).await;
    let feed = topics.feed().build().unwrap();
    let mut first = feed.subscribe("shared", &[CATEGORY]).await.unwrap();
    let FeedEvent::Assigned(all) = first.next().await.unwrap() else { panic!("partitions come first") };
    assert_eq!(all.len(), ALL);
    let second = Listener::start(&feed, "shared", &[CATEGORY], &Saved::default());
    let next = tokio::time::timeout(Duration::from_secs(120), first.next()).await.expect("news in time");
    let FeedEvent::Revoked(gone) = next.unwrap() else { panic!("there is nothing to read") };
    // Asking for more carries it out; there is nothing more to come.
    let more = tokio::time::timeout(Duration::from_millis(100), first.next()).await;
    assert!(more.is_err(), "{more:?}");
    for partition in &gone {
        let error = first.seek(partition, None).await.unwrap_err();
        let FeedError::Unavailable(source) = &error else { panic!("{error}") };
        assert_eq!(source.to_string(), format!("{partition} is not assigned here"));
    }
    until(async || second.owned().len() == gone.len()).await;
    assert!(gone.iter().all(|partition| second.owned().contains(partition)));
}
