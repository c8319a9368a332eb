use crate::repository::RepositoryError;

/// An App could not be started. Nothing of it runs.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// Two projections have one name, and so would share rows and checkpoints.
    #[error("two projections are called `{0}`: give one of them another name in `#[projection(\"..\")]`")]
    DuplicateProjection(&'static str),
    /// There are projections, but nothing brings them commits.
    #[error(
        "this store has no change feed of its own, and projection `{0}` needs one: add `.change_feed(..)` to the builder"
    )]
    NoChangeFeed(&'static str),
    /// A view database could not be made ready.
    #[error("projection `{projection}`: {source}")]
    Repository {
        /// Whose repository.
        projection: &'static str,
        /// Why.
        #[source]
        source: RepositoryError,
    },
    /// `start` was polled outside of a tokio runtime.
    #[error("an App runs inside a tokio runtime: call `start` from one, such as under `#[tokio::main]`")]
    NoRuntime,
}
