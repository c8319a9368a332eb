//! What a change feed has to do.
//!
//! Listeners stay right whatever a feed repeats, reorders or loses; a feed that passes these does so only
//! when something breaks.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

use super::{
    ChangeFeedFixture,
    notes::{CATEGORY, ELSEWHERE, chain, commit_of_size, one, stream},
    store::append_all,
};
use crate::{
    feed::{ChangeFeed, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription},
    store::{Commit, EventStore, StreamId, Version},
};

/// A subscription, what it was assigned, and what came of it.
struct Reader<S> {
    subscription: S,
    patience: Duration,
    records: Vec<FeedRecord>,
}

impl<S: Subscription> Reader<S> {
    /// Subscribes and seeks every partition to its place in `offsets`, or to the beginning.
    async fn new<F>(feed: &F, fixture: &impl ChangeFeedFixture, listener: &str, offsets: &[Offset]) -> Self
    where
        F: ChangeFeed<Subscription = S>,
    {
        let mut subscription = feed.subscribe(listener, &[CATEGORY]).await.expect("a subscription");
        let patience = fixture.patience();
        let partitions = assigned(&mut subscription, patience).await;
        for partition in &partitions {
            let after = offsets.iter().find(|o| o.partition == *partition).map(|o| o.offset);
            subscription.seek(partition, after).await.expect("a place in the partition");
        }
        Self { subscription, patience, records: Vec::new() }
    }

    /// Reads on until `count` different commits are there.
    async fn read(&mut self, count: usize) {
        while self.commits().len() < count {
            match timeout(self.patience, self.subscription.next()).await {
                Ok(Ok(FeedEvent::Records(records))) => {
                    assert!(!records.is_empty(), "records are never empty");
                    self.records.extend(records);
                }
                Ok(other) => panic!("records were due, not {other:?}"),
                Err(_) => panic!("{} of {count} commits came in time", self.commits().len()),
            }
        }
    }

    /// The commits, each at its first appearance.
    fn commits(&self) -> Vec<Arc<Commit>> {
        commits_of(&self.records)
    }

    /// The last offset of each partition, up to the record `until`.
    fn offsets(&self, until: usize) -> Vec<Offset> {
        let mut last = BTreeMap::new();
        for record in &self.records[..until] {
            last.insert(record.partition.clone(), record.offset);
        }
        last.into_iter().map(|(partition, offset)| Offset { partition, offset }).collect()
    }
}

/// The commits in `records`, each at its first appearance.
fn commits_of(records: &[FeedRecord]) -> Vec<Arc<Commit>> {
    let mut seen = HashSet::new();
    let commits = records.iter().filter_map(|r| match &r.payload {
        FeedPayload::Commit(commit) => seen.insert(commit.id).then(|| commit.clone()),
        _ => None,
    });
    commits.collect()
}

async fn assigned(subscription: &mut impl Subscription, patience: Duration) -> Vec<Partition> {
    match timeout(patience, subscription.next()).await.expect("partitions in time").expect("partitions") {
        FeedEvent::Assigned(partitions) => partitions,
        other => panic!("the first event is the assignment, not {other:?}"),
    }
}

/// The same commits, in any order.
fn assert_same(found: &[Arc<Commit>], due: &[Arc<Commit>]) {
    let by_place = |commits: &[Arc<Commit>]| -> Vec<Arc<Commit>> {
        let mut commits = commits.to_vec();
        commits.sort_by(|a, b| (&a.stream, a.sequence).cmp(&(&b.stream, b.sequence)));
        commits
    };
    assert_eq!(by_place(found), by_place(due));
}

/// So many streams of three commits each.
fn streams(name: &str, count: usize) -> Vec<Arc<Commit>> {
    let chains: Vec<_> = (0..count).map(|n| chain(&stream(&format!("{name}-{n}")), [1, 2, 1])).collect();
    (0..3).flat_map(|at| chains.iter().map(move |chain| chain[at].clone())).collect()
}

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

async fn later_commits_arrive(fixture: &impl ChangeFeedFixture, store: &impl EventStore, feed: &impl ChangeFeed) {
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
    let chains: Vec<_> = (0..16).map(|n| chain(&stream(&format!("s{n}")), (0..40).map(|k| k % 3 + 1))).collect();
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
