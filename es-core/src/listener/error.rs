use crate::{
    query::QueryError,
    repository::{Parked, RepositoryError},
    store::{ReadError, StreamId},
};

/// A parked aggregate was not taken up again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ControlError {
    /// The projection has not set this aggregate aside.
    #[error("projection `{projection}` has not set {stream} aside")]
    NotParked {
        /// Which projection.
        projection: &'static str,
        /// Which aggregate.
        stream: StreamId,
    },
    /// It failed once more.
    #[error("projection `{projection}` set {stream} aside again, at event {}: {}", parked.sequence, parked.error)]
    ParkedAgain {
        /// Which projection.
        projection: &'static str,
        /// Which aggregate.
        stream: StreamId,
        /// Where and why.
        parked: Parked,
    },
    /// A rebuild has taken over meanwhile: the new views have an answer of their own.
    #[error(
        "the views of projection `{projection}` were rebuilt meanwhile: see whether {stream} is still set aside"
    )]
    Superseded {
        /// Which projection.
        projection: &'static str,
        /// Which aggregate.
        stream: StreamId,
    },
    /// The view shows another commit than the one that the store's next one follows: to skip that mends nothing.
    #[error(
        "the view of {stream} shows a commit at event {sequence} that the event store does not have: start the views of projection `{projection}` anew, under another name"
    )]
    Forked {
        /// Which projection.
        projection: &'static str,
        /// Which aggregate.
        stream: StreamId,
        /// Where that commit ends.
        sequence: u64,
    },
    /// The commit to skip is not in the store.
    #[error("{stream} has no commit after event {sequence} to skip: the store has lost it, or was replaced")]
    NothingToSkip {
        /// Which aggregate.
        stream: StreamId,
        /// Where its view stands.
        sequence: u64,
    },
    /// The event store failed.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The view could not be asked, or did not get there.
    #[error(transparent)]
    Query(#[from] QueryError),
}

impl From<RepositoryError> for ControlError {
    fn from(error: RepositoryError) -> Self {
        Self::Query(error.into())
    }
}
