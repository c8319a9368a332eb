use std::time::Duration;

use crate::{listener::StopReason, repository::RepositoryError, store::ReadError};

/// A query was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Nobody gave the App this projection.
    #[error(
        "projection `{projection}` is not part of this App: add `.projection({type_name}, repository)` to its builder"
    )]
    NotRegistered {
        /// Its name.
        projection: &'static str,
        /// The type that has it.
        type_name: &'static str,
    },
    /// The view did not get as far as asked in time. It will: ask again.
    #[error(
        "projection `{projection}` did not reach {token} within {waited:?}: ask again, or allow more time"
    )]
    Behind {
        /// Which projection.
        projection: &'static str,
        /// What was waited for.
        token: String,
        /// How long.
        waited: Duration,
    },
    /// The projection's listener has ended, so the view stays where it is.
    #[error("projection `{projection}` does not listen any more: {reason}")]
    Stopped {
        /// Which projection.
        projection: &'static str,
        /// Why it ended.
        reason: StopReason,
    },
    /// A row is not what the projection's view type says.
    #[error(
        "projection `{projection}`: view row `{key}` cannot be read: {reason}; rebuild the projection after changing its view type"
    )]
    Malformed {
        /// Which projection.
        projection: &'static str,
        /// Which row.
        key: String,
        /// Why.
        reason: String,
    },
    /// The event store, asked how far there is to go, failed.
    #[error(transparent)]
    Store(#[from] ReadError),
    /// The view database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}
