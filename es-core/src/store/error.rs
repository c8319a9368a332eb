use super::{Commit, StreamId};
use std::{error::Error, sync::Arc};

/// A backend's own error, behind its typed wrapper.
pub type BoxError = Box<dyn Error + Send + Sync>;

/// An append that was not acknowledged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AppendError {
    /// Another commit holds the place. Certainly not stored: load the tail, decide again.
    #[error("another writer committed at that sequence first")]
    Conflict {
        /// The commit that won, if the store said.
        winner: Option<Arc<Commit>>,
    },
    /// The commit is over the store's limits. Certainly not stored.
    #[error(
        "a commit of {size} bytes and {events} events is over the store's limit of {limit_bytes} bytes and {limit_events} events: emit less per command"
    )]
    TooLarge {
        /// Its events and metadata, in bytes.
        size: usize,
        /// How many events.
        events: u64,
        /// The limit in bytes.
        limit_bytes: usize,
        /// The limit in events.
        limit_events: u64,
    },
    /// The store could not be asked. Certainly not stored.
    #[error("the event store did not take the commit: {0}")]
    Unavailable(#[source] BoxError),
    /// The store was asked and did not answer, and settling ran out of time. It may be stored.
    #[error("it is not known whether the commit was stored: {0}; retry with the same command id")]
    OutcomeUnknown(#[source] BoxError),
}

/// Something could not be read.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// The store could not be asked, or did not answer.
    #[error("the event store cannot be read: {0}")]
    Unavailable(#[source] BoxError),
    /// A row is there but makes no sense.
    #[error("stream {stream}: the commit at sequence {sequence} is corrupt: {reason}")]
    Corrupt {
        /// Whose.
        stream: StreamId,
        /// Where.
        sequence: u64,
        /// Why.
        reason: String,
    },
    /// A cursor was not made by this store.
    #[error("`{0}` is not a cursor of this store")]
    BadCursor(String),
}
