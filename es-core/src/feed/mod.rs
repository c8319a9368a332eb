//! The change feed's contract: how commits reach listeners.
//!
//! A record is a *hint*. Feeds may repeat, reorder, replay and lose records; the listener stays right. A
//! feed only has to keep trying, and to keep each partition's offsets ascending.

mod erased;
mod in_process;

pub(crate) use erased::{DynFeed, DynSubscription};
pub use in_process::{InProcess, InProcessSubscription};

use std::{future::Future, sync::Arc};

use crate::store::{BoxError, Commit, StreamId};

/// One ordered part of a feed, e.g. `topic/3`.
pub type Partition = Arc<str>;

/// A place in a partition: everything up to and including `offset` has been dealt with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offset {
    /// Which partition.
    pub partition: Partition,
    /// Of the last record dealt with.
    pub offset: i64,
}

/// One record of a feed.
#[derive(Clone, Debug)]
pub struct FeedRecord {
    /// Where it came from.
    pub partition: Partition,
    /// Its place there.
    pub offset: i64,
    /// What it says.
    pub payload: FeedPayload,
}

impl FeedRecord {
    /// Bytes of what it brings, about.
    pub(crate) fn size(&self) -> usize {
        match &self.payload {
            FeedPayload::Commit(commit) => commit.size(),
            FeedPayload::Malformed { bytes, .. } => bytes.len(),
            FeedPayload::Hint { .. } | FeedPayload::Other => 0,
        }
    }
}

/// What a record says.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum FeedPayload {
    /// A whole commit.
    Commit(Arc<Commit>),
    /// A commit that cannot be used from here whole: fetch it from the store.
    Hint {
        /// Whose.
        stream: StreamId,
        /// The first sequence of the commit.
        sequence: u64,
    },
    /// Nothing for this listener; only the offset moves.
    Other,
    /// Bytes that no decoder understands: kept as a dead letter, stops nothing else.
    Malformed {
        /// The record as it came.
        bytes: Vec<u8>,
        /// Why it was refused.
        reason: String,
    },
}

/// What a subscription has to tell.
#[derive(Debug)]
#[non_exhaustive]
pub enum FeedEvent {
    /// These partitions are ours from now on. The listener seeks each to its saved offset, if it has one,
    /// before it asks for more.
    Assigned(Vec<Partition>),
    /// These are no longer ours; records of them that are not applied yet are another listener's.
    Revoked(Vec<Partition>),
    /// Records, in order within each partition. Never empty.
    Records(Vec<FeedRecord>),
}

/// A feed failed. The listener subscribes again after a pause.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FeedError {
    /// The feed could not be reached or read.
    #[error("the change feed cannot be read: {0}")]
    Unavailable(#[source] BoxError),
    /// The saved offset is not in the feed any more: records may be missing, the store has to be asked.
    #[error("offset {offset} of {partition} is gone from the feed")]
    OffsetOutOfRange {
        /// Which partition.
        partition: Partition,
        /// The saved offset.
        offset: i64,
    },
}

/// A source of commits.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a change feed",
    label = "not a change feed",
    note = "leave out `.change_feed(..)` to listen to the store's own feed, or give it a value whose type implements `ChangeFeed`"
)]
pub trait ChangeFeed: Send + Sync + 'static {
    /// One listener's place in it.
    type Subscription: Subscription;

    /// Starts a subscription for the listener `listener` to the commits of `categories`.
    ///
    /// Processes that subscribe under one name share the feed's partitions if the feed can do that.
    fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> impl Future<Output = Result<Self::Subscription, FeedError>> + Send;

    /// Whether a subscription sees every commit sooner or later, from its saved offsets on, whatever crashes
    /// meanwhile. The views of a feed that cannot say so are compared with the event store, at the start and
    /// every so often.
    fn is_complete(&self) -> bool {
        false
    }
}

/// One listener's place in a feed.
pub trait Subscription: Send + 'static {
    /// The next thing to know; waits until there is one. The first is [`FeedEvent::Assigned`].
    ///
    /// Cancel safe: a dropped call loses no record.
    fn next(&mut self) -> impl Future<Output = Result<FeedEvent, FeedError>> + Send;

    /// Goes on after the record at `after`, or from the very first record when there is none.
    ///
    /// Where that record is not there any more, [`FeedError::OffsetOutOfRange`]. A call that was dropped is made again, or
    /// the subscription given up.
    fn seek(
        &mut self,
        partition: &Partition,
        after: Option<i64>,
    ) -> impl Future<Output = Result<(), FeedError>> + Send;

    /// Says that everything up to `offsets` is saved with the view. A convenience for the feed's own tools: nothing depends
    /// on it, so that it may fail, or be dropped, without a word.
    fn saved(&mut self, offsets: &[Offset]) -> impl Future<Output = ()> + Send;

    /// The listener ends: gives back its partitions, so that others go on with them at once. Returns when that is done,
    /// or after some seconds. The last call; none comes when a process dies.
    fn leave(&mut self) -> impl Future<Output = ()> + Send {
        async {}
    }
}

/// The feed of stores that have none of their own. It cannot be made.
#[derive(Debug, Clone, Copy)]
pub enum NoFeed {}

impl ChangeFeed for NoFeed {
    type Subscription = NoFeed;
    async fn subscribe(&self, _: &str, _: &[&'static str]) -> Result<NoFeed, FeedError> {
        match *self {}
    }
    fn is_complete(&self) -> bool {
        match *self {}
    }
}

impl Subscription for NoFeed {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        match *self {}
    }
    async fn seek(&mut self, _: &Partition, _: Option<i64>) -> Result<(), FeedError> {
        match *self {}
    }
    async fn saved(&mut self, _: &[Offset]) {
        match *self {}
    }
}
