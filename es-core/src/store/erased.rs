use std::sync::Arc;

use super::{AppendError, Commit, EventStore, HeadPage, Limits, Page, ReadError, StreamId, Version};
use crate::{BoxFuture, feed::DynFeed, snapshot::Snapshot};

/// An [`EventStore`] behind one pointer, so that signatures stay free of backends.
pub(crate) trait DynStore: Send + Sync {
    fn limits(&self) -> Limits;
    fn append(&self, commit: Arc<Commit>) -> BoxFuture<'_, Result<(), AppendError>>;
    fn read<'a>(
        &'a self,
        stream: &'a StreamId,
        from: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>>;
    fn head<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Version, ReadError>>;
    fn heads<'a>(
        &'a self,
        category: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<HeadPage, ReadError>>;
    fn parts(&self, category: &str, most: usize) -> Vec<Option<String>>;
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), ReadError>>;
    fn load_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        fingerprint: u64,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>>;
    fn feed(&self) -> Option<Arc<dyn DynFeed>>;
}

impl<T: EventStore> DynStore for T {
    fn limits(&self) -> Limits {
        EventStore::limits(self)
    }
    fn append(&self, commit: Arc<Commit>) -> BoxFuture<'_, Result<(), AppendError>> {
        Box::pin(EventStore::append(self, commit))
    }
    fn read<'a>(
        &'a self,
        stream: &'a StreamId,
        from: u64,
        limit: usize,
    ) -> BoxFuture<'a, Result<Page, ReadError>> {
        Box::pin(EventStore::read(self, stream, from, limit))
    }
    fn head<'a>(&'a self, stream: &'a StreamId) -> BoxFuture<'a, Result<Version, ReadError>> {
        Box::pin(EventStore::head(self, stream))
    }
    fn heads<'a>(
        &'a self,
        category: &'a str,
        after: Option<&'a str>,
        limit: usize,
    ) -> BoxFuture<'a, Result<HeadPage, ReadError>> {
        Box::pin(EventStore::heads(self, category, after, limit))
    }
    fn parts(&self, category: &str, most: usize) -> Vec<Option<String>> {
        EventStore::parts(self, category, most)
    }
    fn save_snapshot(&self, snapshot: Snapshot) -> BoxFuture<'_, Result<(), ReadError>> {
        Box::pin(EventStore::save_snapshot(self, snapshot))
    }
    fn load_snapshot<'a>(
        &'a self,
        stream: &'a StreamId,
        fingerprint: u64,
    ) -> BoxFuture<'a, Result<Option<Snapshot>, ReadError>> {
        Box::pin(EventStore::load_snapshot(self, stream, fingerprint))
    }
    fn feed(&self) -> Option<Arc<dyn DynFeed>> {
        EventStore::feed(self).map(|feed| Arc::new(feed) as Arc<dyn DynFeed>)
    }
}
