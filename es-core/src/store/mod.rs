//! The event store's contract.
//!
//! A stream is the commits of one aggregate, each at the sequence after its parent's last one. The store's
//! one duty beyond keeping rows is to accept exactly one commit at each sequence of a stream.

mod chain;
mod commit;
mod erased;
mod error;
mod memory;

pub use chain::{StreamForked, check_chain};
pub use commit::{Commit, LONGEST_ID, StreamId, Version, from_millis, to_millis};
pub(crate) use erased::DynStore;
pub use error::{AppendError, BoxError, ReadError};
pub use memory::MemoryEventStore;

use std::{future::Future, sync::Arc};

use crate::{feed::ChangeFeed, snapshot::Snapshot};

/// What one commit may hold. A command over it is refused; a group is split.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The most bytes of events and metadata together.
    pub commit_bytes: usize,
    /// The most events.
    pub commit_events: u64,
}

impl Default for Limits {
    /// 512 KiB and 4,096 events.
    fn default() -> Self {
        Self { commit_bytes: 512 << 10, commit_events: 4096 }
    }
}

impl Limits {
    /// Whether `commit` fits; for stores, before they send it.
    ///
    /// # Errors
    ///
    /// [`AppendError::TooLarge`], with its sizes and the limits.
    pub fn check(&self, commit: &Commit) -> Result<(), AppendError> {
        let (size, events) = (commit.size(), (commit.last_sequence + 1).saturating_sub(commit.sequence));
        if size <= self.commit_bytes && events <= self.commit_events {
            return Ok(());
        }
        let (limit_bytes, limit_events) = (self.commit_bytes, self.commit_events);
        Err(AppendError::TooLarge { size, events, limit_bytes, limit_events })
    }
}

/// A part of a stream, in order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The commits, ascending.
    pub commits: Vec<Arc<Commit>>,
    /// Whether the stream goes on after the last of them.
    pub more: bool,
}

/// A part of a category's streams.
#[derive(Clone, Debug, Default)]
pub struct HeadPage {
    /// The streams and where each ends, in the store's own order.
    pub heads: Vec<(StreamId, Version)>,
    /// Where to go on, if there is more. Opaque: only the store that made it can read it.
    pub next: Option<String>,
}

/// A durable event store.
///
/// Implementers write plain `async fn`. Every method may be called from many tasks at once. Dropping a
/// returned future must not leave a half-written commit; whether a sent append still happens is unknown.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an event store",
    label = "not an event store",
    note = "write `App::builder(SqliteEventStore::open(\"app.db\").await?)`, or `App::builder(MemoryEventStore::new())` for tests",
    note = "a function that makes a store must be called, awaited and its error handled: `open(..).await?`"
)]
pub trait EventStore: Send + Sync + 'static {
    /// The change feed that comes with the store, if one does.
    type Feed: ChangeFeed;

    /// What one commit may hold.
    fn limits(&self) -> Limits {
        Limits::default()
    }

    /// Stores `commit` if its place in the stream is free.
    ///
    /// `Ok` means durable. [`AppendError::Conflict`] and [`AppendError::Unavailable`] mean certainly not
    /// stored; a store that cannot tell must settle it, or answer [`AppendError::OutcomeUnknown`]. A commit
    /// that is already there under the same id counts as stored.
    ///
    /// A commit whose place is taken is a conflict. So is one that leaves a hole, overlaps another or names
    /// another parent, where the store can see that without a read of its own; the other stores take it, and
    /// [`check_chain`] notices when it is read. Only a version that no load and no append gave out can lead
    /// there.
    fn append(&self, commit: Arc<Commit>) -> impl Future<Output = Result<(), AppendError>> + Send;

    /// The commits of `stream` whose first sequence is `from` or later, in order, at most `limit` of them
    /// (after one commit or more the store may stop sooner and say `more`). Sees every commit acknowledged before the
    /// call.
    fn read(
        &self,
        stream: &StreamId,
        from: u64,
        limit: usize,
    ) -> impl Future<Output = Result<Page, ReadError>> + Send;

    /// Where `stream` ends. Linearizable with the appends: sees every commit acknowledged before the call, and every
    /// one that a feed, a read or another call for the head has shown before it. A refusal is proved true by it.
    fn head(&self, stream: &StreamId) -> impl Future<Output = Result<Version, ReadError>> + Send;

    /// The streams of `category` and where they end, page by page, in an order of the store's own.
    /// A stream that changes meanwhile is reported once, at one of its versions.
    fn heads(
        &self,
        category: &str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<HeadPage, ReadError>> + Send;

    /// Where to begin with the streams of `category` to read them in several parts side by side: each is an `after`
    /// for [`heads`](Self::heads), whose pages end with the part. Together they show every stream once. At most
    /// `most` of them; a store that cannot do better has one, which is all of it.
    fn parts(&self, category: &str, most: usize) -> Vec<Option<String>> {
        let _ = (category, most);
        vec![None]
    }

    /// Keeps `snapshot` unless a newer one of the same stream and fingerprint is kept already.
    fn save_snapshot(&self, snapshot: Snapshot) -> impl Future<Output = Result<(), ReadError>> + Send;

    /// The newest snapshot of `stream` with that fingerprint.
    fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> impl Future<Output = Result<Option<Snapshot>, ReadError>> + Send;

    /// A feed of this store's own commits, when it has one.
    fn feed(&self) -> Option<Self::Feed>;
}
