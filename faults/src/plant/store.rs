//! See [`Plant::AcknowledgedWhenSent`] and [`Plant::StaleTail`].

use std::sync::Arc;

use event_sourcing::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};

use super::Plant;

/// An event store with a mistake.
pub(crate) struct Careless<S> {
    store: Arc<S>,
    plant: Plant,
}

impl<S> Careless<S> {
    pub(crate) fn new(store: S, plant: Plant) -> Self {
        Self { store: Arc::new(store), plant }
    }
}

impl<S: EventStore> EventStore for Careless<S> {
    type Feed = S::Feed;

    fn limits(&self) -> Limits {
        self.store.limits()
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        if self.plant == Plant::AcknowledgedWhenSent {
            let store = self.store.clone();
            tokio::spawn(async move { store.append(commit).await });
            return Ok(());
        }
        self.store.append(commit).await
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        let mut page = self.store.read(stream, from, limit).await?;
        if self.plant == Plant::StaleTail && from > 1 && fastrand::bool() {
            page.commits.truncate(1);
            page.more = false;
        }
        Ok(page)
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.store.head(stream).await
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.store.heads(category, after, limit).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.store.load_snapshot(stream, fingerprint).await
    }

    fn feed(&self) -> Option<S::Feed> {
        self.store.feed()
    }
}
