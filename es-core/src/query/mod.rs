//! Queries: what is asked of views, and the handler that answers.

mod error;
mod token;
mod views;

pub use error::QueryError;
pub use token::{ParseReadTokenError, ReadAfter, ReadToken};
pub(crate) use views::Entry;
#[cfg(feature = "testing")]
pub(crate) use views::Source;
pub use views::{ViewSet, Views};

use std::future::Future;

/// What a query handler may fail with: anything that a [`QueryError`] can become.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be the error of a query handler",
    label = "no `From<QueryError>` for `{Self}`",
    note = "return `Result<_, QueryError>`, or give `{Self}` a variant `#[error(transparent)] Views(#[from] QueryError)`; it must be `Send`"
)]
pub trait FromQueryError: From<QueryError> + Send {}

#[diagnostic::do_not_recommend]
impl<E: From<QueryError> + Send> FromQueryError for E {}

/// What a query handler returns: a `Result`, possibly under another name.
#[diagnostic::on_unimplemented(
    message = "a query handler returns a `Result`, not `{Self}`",
    label = "not a `Result`",
    note = "write `Result<{Self}, QueryError>`: reading a view can fail"
)]
pub trait QueryResult {
    /// The answer.
    type Answer: Send;
    /// What it fails with.
    type Error: FromQueryError;
    /// Back to the `Result` it is.
    fn into_result(self) -> Result<Self::Answer, Self::Error>;
}

impl<T: Send, E: FromQueryError> QueryResult for Result<T, E> {
    type Answer = T;
    type Error = E;
    fn into_result(self) -> Self {
        self
    }
}

/// Something that can be asked of views. Made by `#[query_handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no query handler",
    label = "no `#[query_handler]` takes `&{Self}`",
    note = "write `#[query_handler] async fn name(views: &Views<MyProjection>, q: &{Self}) -> Result<MyAnswer, QueryError>`"
)]
pub trait Query: Send + Sync + 'static {
    /// The answer.
    type Output: Send;
    /// What its handler fails with.
    type Error: FromQueryError;
    /// The projections whose views it reads.
    const READS: &'static [&'static str];
}

/// How a query is answered, given services `S`. Made by `#[query_handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no query handler",
    label = "no `#[query_handler]` takes `&{Self}`",
    note = "write `#[query_handler] async fn name(views: &Views<MyProjection>, q: &{Self}) -> Result<MyAnswer, QueryError>`"
)]
pub trait Answer<S>: Query {
    /// Runs the handler.
    fn answer(
        &self,
        views: &ViewSet,
        services: &S,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}
