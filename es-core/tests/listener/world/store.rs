//! The event store.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use es_core::{
    feed::NoFeed,
    snapshot::Snapshot,
    store::{
        AppendError, Commit, EventStore, HeadPage, MemoryEventStore, Page, ReadError, StreamId, Version,
    },
};

use super::{commit, stream};

/// A store whose reads fail as often as a test says.
#[derive(Clone, Default)]
pub struct Store {
    pub inner: MemoryEventStore,
    pub failing_reads: Arc<AtomicUsize>,
    pub failing_heads: Arc<AtomicUsize>,
    pub failing_head: Arc<AtomicUsize>,
    pub reads: Arc<AtomicUsize>,
    /// The sequence at which a row is corrupt, 0 for none.
    pub corrupt_at: Arc<AtomicUsize>,
    /// The sequence at which a row is lost, 0 for none.
    pub lost_at: Arc<AtomicUsize>,
}

impl Store {
    /// Stores a chain of commits of so many ticks.
    pub async fn chain(&self, id: &str, ticks: &[usize]) -> Vec<Arc<Commit>> {
        let stream = stream(id);
        let mut commits = Vec::new();
        for ticks in ticks {
            let head = self.inner.head(&stream).await.unwrap();
            let commit = commit(&head, &stream, *ticks);
            self.inner.append(commit.clone()).await.unwrap();
            commits.push(commit);
        }
        commits
    }
}

/// Counts down, and says whether it was above zero.
pub(super) fn due(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

impl EventStore for Store {
    type Feed = NoFeed;
    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.inner.append(commit).await
    }
    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if due(&self.failing_reads) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        let lost = self.lost_at.load(Ordering::SeqCst) as u64;
        let mut page = self.inner.read(stream, from, limit.saturating_add(usize::from(lost > 0))).await?;
        page.commits.retain(|commit| commit.sequence != lost);
        page.commits.truncate(limit);
        let corrupt = self.corrupt_at.load(Ordering::SeqCst) as u64;
        match page.commits.iter().find(|commit| commit.sequence == corrupt) {
            Some(commit) => Err(ReadError::Corrupt {
                stream: stream.clone(),
                sequence: commit.sequence,
                reason: "a bit has rotted".into(),
            }),
            None => Ok(page),
        }
    }
    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        if due(&self.failing_head) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        self.inner.head(stream).await
    }
    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        if due(&self.failing_heads) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        self.inner.heads(category, after, limit).await
    }
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.inner.save_snapshot(snapshot).await
    }
    async fn load_snapshot(&self, stream: &StreamId, shape: u64) -> Result<Option<Snapshot>, ReadError> {
        self.inner.load_snapshot(stream, shape).await
    }
    fn feed(&self) -> Option<NoFeed> {
        None
    }
}
