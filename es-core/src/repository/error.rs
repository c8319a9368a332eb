use crate::store::{BoxError, StreamId};

/// A repository failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RepositoryError {
    /// The database could not be asked, or did not answer. Worth another try.
    #[error("the view database is not available: {0}")]
    Unavailable(#[source] BoxError),
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

/// A batch was not applied; nothing of it was.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ApplyError {
    /// Another listener moved these checkpoints: read them again.
    #[error("{} checkpoints were moved by another listener, {} among them", streams.len(), streams[0])]
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
