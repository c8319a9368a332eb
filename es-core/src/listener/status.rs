use std::{fmt, time::Duration};

use crate::store::StreamId;

/// Why a listener ended.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum StopReason {
    /// The App was shut down or dropped.
    Shutdown,
    /// An event failed, and the projection's policy is to stop.
    EventFailed {
        /// Whose event.
        stream: StreamId,
        /// Which.
        sequence: u64,
        /// What its handler or decoder said.
        error: String,
    },
    /// The view database holds what does not fit the projection any more.
    Corrupt(String),
    /// A rebuild has taken over from the views that it wrote to. The App goes on with the new ones.
    Superseded,
    /// Code of the projection, the repository or the feed panicked outside of a handler.
    Panicked(String),
}

impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shutdown => f.write_str("the App was shut down"),
            Self::EventFailed { stream, sequence, error } => {
                write!(f, "event {sequence} of {stream} failed, and its policy is to stop: {error}")
            }
            Self::Corrupt(error) => f.write_str(error),
            Self::Superseded => f.write_str("a rebuild of its views has taken over"),
            Self::Panicked(message) => write!(f, "its listener {message}"),
        }
    }
}

/// A part that a listener needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Part {
    /// The change feed.
    Feed,
    /// The event store.
    Store,
    /// The view database.
    Views,
}

/// Whether a projection is listening.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ListenerState {
    /// It takes what the feed brings.
    Running,
    /// The feed, the event store or the view database is out of reach; the listener keeps trying.
    Waiting {
        /// Which part it waits for.
        on: Part,
        /// What that said.
        error: String,
    },
    /// It has ended.
    Stopped(StopReason),
}

/// How a projection is doing. Counts are of this process, since the App was started.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionStatus {
    /// Its name.
    pub projection: &'static str,
    /// Whether it is listening.
    pub state: ListenerState,
    /// Commits that went into the view.
    pub applied: u64,
    /// Records of commits that were in the view already.
    pub duplicates: u64,
    /// Records that came before what they follow, and were held.
    pub held: u64,
    /// Commits that the feed did not bring, or not in time, and that came from the store.
    pub fetched: u64,
    /// Failures of an event that is tried again.
    pub retries: u64,
    /// How many times an aggregate was set aside.
    pub parked: u64,
    /// Records that contradict the store and were dropped.
    pub foreign: u64,
    /// Records that no decoder understands.
    pub malformed: u64,
    /// Aggregates that verification found behind the event store.
    pub behind: u64,
    /// Aggregates of which verification found that the view shows what the event store does not hold.
    pub diverged: u64,
    /// Commits in the listener's hands that are not in the view: those that wait for the view database, for an event
    /// that failed, or for what comes before them. What the feed has not brought yet is not among them.
    pub unapplied: u64,
    /// How old the oldest of these commits is.
    pub lag: Duration,
}
