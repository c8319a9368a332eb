use std::{
    collections::{BTreeMap, HashSet},
    time::Duration,
};
use tokio::time::timeout;

use super::{Reader, assert_same, commits_of, streams};
use crate::{
    feed::{ChangeFeed, FeedEvent, Offset, Subscription},
    store::StreamId,
    testing::conformance::{
        ChangeFeedFixture,
        notes::{ELSEWHERE, chain},
        store::append_all,
    },
};

/// Within a partition, each record's offset is greater than the one before.
pub async fn offsets_ascend(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    for round in 0..5 {
        append_all(&store, &streams(&format!("r{round}"), 5)).await;
        append_all(&store, &chain(&StreamId::new(ELSEWHERE, format!("r{round}")), [1, 1])).await;
        reader.read((round + 1) * 15).await;
    }
    let mut last = BTreeMap::new();
    for record in &reader.records {
        if let Some(before) = last.insert(&record.partition, record.offset) {
            assert!(before < record.offset, "{} after {before} in {}", record.offset, record.partition);
        }
    }
}

/// A new subscription goes on after a saved offset: nothing is missing, and nothing before it comes again.
pub async fn it_goes_on_after_an_offset(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let commits = streams("s", 10);
    append_all(&store, &commits).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(commits.len()).await;
    for until in [1, reader.records.len() / 2, reader.records.len() - 1] {
        resumes(&fixture, &feed, &reader, until).await;
    }
}

async fn resumes<S: Subscription>(
    fixture: &impl ChangeFeedFixture,
    feed: &impl ChangeFeed,
    reader: &Reader<S>,
    until: usize,
) {
    let due = commits_of(&reader.records[until..]);
    let mut resumed = Reader::new(feed, fixture, "l", &reader.offsets(until)).await;
    resumed.read(due.len()).await;
    assert_same(&resumed.commits(), &due);
}

/// Seeking to no offset brings everything once more, in the same subscription too.
pub async fn it_starts_over(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let commits = streams("s", 5);
    append_all(&store, &commits).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(commits.len()).await;
    for Offset { partition, .. } in reader.offsets(reader.records.len()) {
        reader.subscription.seek(&partition, None).await.expect("the beginning");
    }
    reader.records.clear();
    reader.read(commits.len()).await;
    assert_same(&reader.commits(), &commits);
}

/// An offset saved before a restart is good after it.
pub async fn offsets_outlive_a_restart(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    append_all(&store, &streams("before", 5)).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(15).await;
    let offsets = reader.offsets(reader.records.len());
    reader.subscription.saved(&offsets).await;
    drop((store, feed, reader));

    let (store, feed) = fixture.open().await;
    let commits = streams("after", 5);
    append_all(&store, &commits).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &offsets).await;
    reader.read(commits.len()).await;
    assert_same(&reader.commits(), &commits);
}

/// Dropping `next` at any moment loses no record.
pub async fn next_is_cancel_safe(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    let commits = streams("s", 40);
    let writer = {
        let commits = commits.clone();
        tokio::spawn(async move {
            for commits in commits.chunks(3) {
                append_all(&store, commits).await;
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
            store
        })
    };
    for round in 0.. {
        let done = writer.is_finished();
        match timeout(Duration::from_micros(round % 50 * 37), reader.subscription.next()).await {
            Ok(Ok(FeedEvent::Records(records))) => reader.records.extend(records),
            Ok(other) => panic!("records were due, not {other:?}"),
            Err(_) if done => break,
            Err(_) => {}
        }
    }
    reader.read(commits.len()).await;
    assert_same(&reader.commits(), &commits);
    let offsets: Vec<_> = reader.records.iter().map(|r| (&r.partition, r.offset)).collect();
    assert_eq!(offsets.iter().collect::<HashSet<_>>().len(), offsets.len(), "a record came twice");
}

/// Two listeners each get everything, at their own pace.
pub async fn subscriptions_are_independent(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let mut commits = streams("a", 5);
    append_all(&store, &commits).await;
    let mut first = Reader::new(&feed, &fixture, "first", &[]).await;
    first.read(commits.len()).await;
    let mut second = Reader::new(&feed, &fixture, "second", &[]).await;
    let later = streams("b", 5);
    append_all(&store, &later).await;
    commits.extend(later);
    first.read(commits.len()).await;
    drop(first);
    second.read(commits.len()).await;
    assert_same(&second.commits(), &commits);
}
