use crate::store::{BoxError, StreamId};

/// A repository failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The database could not be asked, or did not answer. Worth another try.
    #[error("the view database is not available: {0}")]
    Unavailable(#[source] BoxError),
    /// The database, or what was made in it, cannot keep this projection. Waiting does not help.
    #[error("the view database does not fit projection `{projection}`: {source}")]
    Unfit {
        /// Whose.
        projection: &'static str,
        /// Why, and what to do.
        #[source]
        source: BoxError,
    },
    /// What is kept makes no sense.
    #[error("projection `{projection}`: {what} is corrupt: {reason}")]
    Corrupt {
        /// Whose.
        projection: &'static str,
        /// Which row.
        what: String,
        /// Why.
        reason: String,
    },
}

/// A batch was not applied.
///
/// In a database with transactions nothing of it was. A [`DocumentRepository`](super::DocumentRepository) may have
/// applied whole moves of it; the rest, and its offsets, are not. Either way the listener reads the checkpoints
/// again and applies what is left.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// These checkpoints are not where they were expected, because another listener moved them or this batch was
    /// applied in part: read them again.
    #[error("{} checkpoints are not where they were expected, {} among them", streams.len(), streams[0])]
    Moved {
        /// Whose; never empty.
        streams: Vec<StreamId>,
    },
    /// One event could not be taken. Without it the rest may go through.
    #[error("projection `{projection}` cannot take event {sequence} of {stream}: {source}")]
    Event {
        /// The projection.
        projection: &'static str,
        /// Whose event.
        stream: StreamId,
        /// Which.
        sequence: u64,
        /// What its decoder or handler said.
        #[source]
        source: BoxError,
        /// Whether trying again could help: a handler may have failed by chance, a decoder did not.
        retry: bool,
    },
    /// A rebuild has taken over, or was given up: what was to be written to is not used any more.
    #[error("generation {generation} of projection `{projection}` has been superseded")]
    Superseded {
        /// The projection.
        projection: &'static str,
        /// Which of its generations.
        generation: u32,
    },
    /// The database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}
