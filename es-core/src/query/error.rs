use std::time::Duration;

use crate::repository::RepositoryError;

/// A query was not answered.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum QueryError {
    /// Nobody gave the App this projection.
    #[error("projection `{0}` is not part of this App: add `.projection({0}, repository)` to its builder")]
    NotRegistered(&'static str),
    /// The view did not get as far as asked in time. It will: ask again.
    #[error("projection `{projection}` did not reach {token} within {waited:?}: ask again, or allow more time")]
    Behind {
        /// Which projection.
        projection: &'static str,
        /// What was waited for.
        token: String,
        /// How long.
        waited: Duration,
    },
    /// A row is not what the projection's view type says.
    #[error("projection `{projection}`: view row `{key}` cannot be read: {reason}; rebuild the projection after changing its view type")]
    Malformed {
        /// Which projection.
        projection: &'static str,
        /// Which row.
        key: String,
        /// Why.
        reason: String,
    },
    /// The view database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}
