use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::watch;

use super::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version};
use crate::{
    feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, Offset, Partition, Subscription},
    snapshot::Snapshot,
};

#[derive(Default)]
struct Inner {
    streams: BTreeMap<StreamId, Vec<Arc<Commit>>>,
    log: Vec<Arc<Commit>>,
    snapshots: HashMap<(StreamId, u64), Snapshot>,
}

/// Streams in memory: for tests, for trying things out, and as the reference of the contract.
///
/// Clones share their content, so that two Apps over clones behave like two processes over one store.
#[derive(Clone)]
pub struct MemoryEventStore {
    inner: Arc<Mutex<Inner>>,
    length: Arc<watch::Sender<usize>>,
    limits: Limits,
}

impl Default for MemoryEventStore {
    fn default() -> Self {
        Self { inner: Arc::default(), length: Arc::new(watch::Sender::new(0)), limits: Limits::default() }
    }
}

impl std::fmt::Debug for MemoryEventStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MemoryEventStore")
    }
}

impl MemoryEventStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// An empty store with limits of its own.
    pub fn with_limits(limits: Limits) -> Self {
        Self { limits, ..Self::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl EventStore for MemoryEventStore {
    type Feed = Self;

    fn limits(&self) -> Limits {
        self.limits
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.limits.check(&commit)?;
        let length = {
            let mut inner = self.lock();
            let inner = &mut *inner;
            match inner.streams.get_mut(&commit.stream) {
                None if commit.sequence == 1 && commit.parent.is_none() => {
                    inner.streams.insert(commit.stream.clone(), vec![commit.clone()]);
                }
                None => return Err(AppendError::Conflict { winner: None }),
                // Nearly always: looked at first, because a search visits commits all over a long stream.
                Some(commits) if commits.last().is_some_and(|last| follows(last, &commit)) => {
                    commits.push(commit.clone());
                }
                Some(commits) => match commits.binary_search_by_key(&commit.sequence, |c| c.sequence) {
                    Ok(at) if commits[at].id == commit.id => return Ok(()),
                    Ok(at) => return Err(AppendError::Conflict { winner: Some(commits[at].clone()) }),
                    Err(_) => return Err(AppendError::Conflict { winner: None }),
                },
            }
            inner.log.push(commit);
            inner.log.len()
        };
        // Raised only: of two appends, the later one may be the first to come by here.
        self.length.send_if_modified(|known| {
            let grows = *known < length;
            *known = length.max(*known);
            grows
        });
        Ok(())
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let inner = self.lock();
        let Some(commits) = inner.streams.get(stream) else { return Ok(Page::default()) };
        let start = commits.partition_point(|c| c.sequence < from);
        let end = commits.len().min(start.saturating_add(limit));
        Ok(Page { commits: commits[start..end].to_vec(), more: end < commits.len() })
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        let inner = self.lock();
        Ok(inner.streams.get(stream).and_then(|c| c.last()).map_or(Version::EMPTY, |c| c.version()))
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        let inner = self.lock();
        let in_category = inner.streams.iter().filter(|(s, _)| s.category == category);
        let mut rest = in_category.filter(|(s, _)| after.is_none_or(|after| &*s.id > after));
        let heads: Vec<_> = rest
            .by_ref()
            .take(limit)
            .filter_map(|(s, commits)| Some((s.clone(), commits.last()?.version())))
            .collect();
        let next = rest.next().and(heads.last()).map(|(s, _)| s.id.to_string());
        Ok(HeadPage { heads, next })
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        let mut inner = self.lock();
        let kept = inner
            .snapshots
            .entry((snapshot.stream.clone(), snapshot.fingerprint))
            .or_insert(snapshot.clone());
        if kept.version.last_sequence() < snapshot.version.last_sequence() {
            *kept = snapshot;
        }
        Ok(())
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        Ok(self.lock().snapshots.get(&(stream.clone(), fingerprint)).cloned())
    }

    fn feed(&self) -> Option<Self> {
        Some(self.clone())
    }
}

fn follows(last: &Commit, next: &Commit) -> bool {
    last.last_sequence + 1 == next.sequence && next.parent == Some(last.id)
}

const PARTITION: &str = "memory";
const BATCH: usize = 512;

impl ChangeFeed for MemoryEventStore {
    type Subscription = MemorySubscription;

    async fn subscribe(&self, _: &str, categories: &[&'static str]) -> Result<MemorySubscription, FeedError> {
        Ok(MemorySubscription {
            store: self.clone(),
            length: self.length.subscribe(),
            categories: categories.to_vec(),
            partition: None,
            next: 0,
        })
    }

    fn is_complete(&self) -> bool {
        true
    }
}

/// One listener's place in a [`MemoryEventStore`]'s log.
#[derive(Debug)]
pub struct MemorySubscription {
    store: MemoryEventStore,
    length: watch::Receiver<usize>,
    categories: Vec<&'static str>,
    partition: Option<Partition>,
    next: usize,
}

impl Subscription for MemorySubscription {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        let Some(partition) = self.partition.clone() else {
            let partition: Partition = PARTITION.into();
            self.partition = Some(partition.clone());
            return Ok(FeedEvent::Assigned(vec![partition]));
        };
        let next = self.next;
        // Fails only when the sender is gone, and `self.store` holds it.
        let _ = self.length.wait_for(|length| *length > next).await;
        let inner = self.store.lock();
        let end = inner.log.len().min(next + BATCH);
        let records = (next..end).map(|at| {
            let commit = &inner.log[at];
            let ours = self.categories.iter().any(|c| *c == commit.stream.category);
            let payload = if ours { FeedPayload::Commit(commit.clone()) } else { FeedPayload::Other };
            FeedRecord { partition: partition.clone(), offset: at as i64, payload }
        });
        let records = records.collect();
        self.next = end;
        Ok(FeedEvent::Records(records))
    }

    async fn seek(&mut self, _: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        self.next = after.map_or(0, |offset| usize::try_from(offset + 1).unwrap_or(0));
        Ok(())
    }

    async fn saved(&mut self, _: &[Offset]) {}
}
