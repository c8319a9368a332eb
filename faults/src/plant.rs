//! Mistakes on purpose, made around the library: a run with one of them has to end with violations.

use std::sync::Arc;

use event_sourcing::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version},
};

/// Which mistake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Plant {
    /// A store that takes an append of which nothing is known for one that failed.
    UnknownIsFailure,
}

impl Plant {
    pub(crate) const NAMES: [&str; 1] = ["unknown-is-failure"];

    pub(crate) fn named(name: &str) -> Option<Self> {
        match name {
            "unknown-is-failure" => Some(Self::UnknownIsFailure),
            _ => None,
        }
    }
}

/// See [`Plant::UnknownIsFailure`].
pub(crate) struct Careless<S>(pub(crate) S);

impl<S: EventStore> EventStore for Careless<S> {
    type Feed = S::Feed;
    fn limits(&self) -> Limits {
        self.0.limits()
    }
    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        match self.0.append(commit).await {
            Err(AppendError::OutcomeUnknown(error)) => Err(AppendError::Unavailable(error)),
            other => other,
        }
    }
    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.0.read(stream, from, limit).await
    }
    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.0.head(stream).await
    }
    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.0.heads(category, after, limit).await
    }
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.0.save_snapshot(snapshot).await
    }
    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.0.load_snapshot(stream, fingerprint).await
    }
    fn feed(&self) -> Option<S::Feed> {
        self.0.feed()
    }
}
