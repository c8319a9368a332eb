//! What a change feed has to do.
//!
//! Listeners stay right whatever a feed repeats, reorders or loses; a feed that passes these does so only
//! when something breaks.

mod arrive;
mod resume;

pub use arrive::*;
pub use resume::*;

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
    time::Duration,
};
use tokio::time::timeout;

use super::{
    ChangeFeedFixture,
    notes::{CATEGORY, chain, stream},
};
use crate::{
    feed::{ChangeFeed, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription},
    store::Commit,
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
