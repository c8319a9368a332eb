//! Queries: what is asked of views, and the handler that answers.

mod error;
mod token;
mod views;

pub use error::QueryError;
pub use token::{ParseReadTokenError, ReadAfter, ReadToken};
pub(crate) use views::Entry;
pub use views::{ViewSet, Views};

use std::future::Future;

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
    type Error: From<QueryError> + Send;
    /// The projections whose views it reads.
    const READS: &'static [&'static str];
}

/// How a query is answered, given services `S`. Made by `#[query_handler]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be answered with the services `{S}`",
    label = "its handler asks for a service that `{S}` has not",
    note = "give the App the services with `App::builder(store).services(..)`, a struct with `#[derive(Services)]`"
)]
pub trait Answer<S>: Query {
    /// Runs the handler.
    fn answer(
        &self,
        views: &ViewSet,
        services: &S,
    ) -> impl Future<Output = Result<Self::Output, Self::Error>> + Send;
}
