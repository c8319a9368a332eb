use std::{collections::HashSet, sync::Arc, time::Duration};
use tokio::time::timeout;

use super::{Reader, assert_same, assigned, streams};
use crate::{
    feed::{ChangeFeed, FeedEvent, Subscription},
    store::{EventStore, StreamId, Version},
    testing::conformance::{
        ChangeFeedFixture,
        notes::{CATEGORY, ELSEWHERE, chain, commit_of_size, one, stream},
        store::append_all,
    },
};

/// The first event names the partitions.
pub async fn partitions_are_assigned_first(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    append_all(&store, &streams("s", 2)).await;
    let mut subscription = feed.subscribe("l", &[CATEGORY]).await.expect("a subscription");
    let partitions = assigned(&mut subscription, fixture.patience()).await;
    assert!(!partitions.is_empty(), "one listener alone has every partition");
    assert_eq!(partitions.iter().collect::<HashSet<_>>().len(), partitions.len());
}

/// Commits made before the subscription arrive, exactly as they were appended.
pub async fn commits_made_before_arrive(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let commits = streams("s", 9);
    append_all(&store, &commits).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(commits.len()).await;
    assert_same(&reader.commits(), &commits);
}

/// A waiting `next` wakes when a commit is made.
pub async fn commits_made_later_wake_it(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    later_commits_arrive(&fixture, &store, &feed).await;
}

/// Commits made through another handle, as by another process, arrive too.
pub async fn commits_of_another_handle_arrive(fixture: impl ChangeFeedFixture) {
    let ((store, _), (_, feed)) = (fixture.open().await, fixture.open().await);
    later_commits_arrive(&fixture, &store, &feed).await;
}

async fn later_commits_arrive(
    fixture: &impl ChangeFeedFixture,
    store: &impl EventStore,
    feed: &impl ChangeFeed,
) {
    let mut reader = Reader::new(feed, fixture, "l", &[]).await;
    for (count, commit) in (1..).zip(streams("s", 4)) {
        let write = async {
            tokio::time::sleep(Duration::from_millis(20)).await;
            append_all(store, std::slice::from_ref(&commit)).await;
        };
        tokio::join!(reader.read(count), write);
        assert_eq!(reader.commits().last(), Some(&commit));
    }
}

/// Each aggregate's commits appear in the order of their sequences, also while many write.
pub async fn every_aggregate_is_in_order(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let store = Arc::new(store);
    let chains: Vec<_> =
        (0..16).map(|n| chain(&stream(&format!("s{n}")), (0..40).map(|k| k % 3 + 1))).collect();
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    for chain in chains.clone() {
        let store = store.clone();
        tokio::spawn(async move { append_all(&*store, &chain).await });
    }
    reader.read(16 * 40).await;
    let arrived = reader.commits();
    for chain in chains {
        let of_stream: Vec<_> = arrived.iter().filter(|c| c.stream == chain[0].stream).cloned().collect();
        assert_eq!(of_stream, chain);
    }
}

/// Commits of categories that were not asked for do not arrive, and hold nothing up.
pub async fn other_categories_do_not_arrive(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let other = chain(&StreamId::new(ELSEWHERE, "s"), (0..1500).map(|_| 1));
    let ours = streams("s", 2);
    append_all(&store, &ours[..3]).await;
    append_all(&store, &other).await;
    append_all(&store, &ours[3..]).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(ours.len()).await;
    assert_same(&reader.commits(), &ours);
    let mut both = feed.subscribe("both", &[CATEGORY, ELSEWHERE]).await.expect("a subscription");
    for partition in assigned(&mut both, fixture.patience()).await {
        both.seek(&partition, None).await.expect("the beginning");
    }
    let mut both = Reader { subscription: both, patience: fixture.patience(), records: Vec::new() };
    both.read(ours.len() + other.len()).await;
    assert_same(&both.commits(), &[ours, other].concat());
}

/// A feed of commits nobody asked for brings no commit, only offsets, if anything.
pub async fn no_category_no_commit(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    append_all(&store, &chain(&StreamId::new(ELSEWHERE, "s"), [1, 1, 1])).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    while let Ok(event) = timeout(Duration::from_millis(300), reader.subscription.next()).await {
        let FeedEvent::Records(records) = event.expect("records") else { continue };
        reader.records.extend(records);
    }
    assert_eq!(reader.commits(), []);
    let after = reader.offsets(reader.records.len());
    let ours = streams("s", 1);
    append_all(&store, &ours).await;
    let mut reader = Reader::new(&feed, &fixture, "l", &after).await;
    reader.read(ours.len()).await;
    assert_same(&reader.commits(), &ours);
}

/// Commits at the store's limit come through whole, in whatever batches.
pub async fn big_commits_arrive(fixture: impl ChangeFeedFixture) {
    let (store, feed) = fixture.open().await;
    let size = store.limits().commit_bytes.min(512 << 10);
    let (mut at, mut commits) = (Version::EMPTY, Vec::new());
    for n in 0..24 {
        let commit = commit_of_size(&at, &stream("big"), size - n);
        at = commit.version();
        commits.push(commit);
    }
    append_all(&store, &commits).await;
    let small = one(&Version::EMPTY, &stream("small"));
    append_all(&store, std::slice::from_ref(&small)).await;
    commits.push(small);
    let mut reader = Reader::new(&feed, &fixture, "l", &[]).await;
    reader.read(commits.len()).await;
    assert_same(&reader.commits(), &commits);
}
