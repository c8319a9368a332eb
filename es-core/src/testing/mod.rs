//! For tests, the framework's and yours: given/when/then, and conformance suites for backends.

pub mod conformance;
mod given;
mod repeatable;

pub use crate::{
    change_feed_conformance, document_repository_conformance, event_store_conformance, repository_conformance,
};
pub use given::{Given, GivenProjection, Outcome, Refusal, given, given_projection};
pub(crate) use repeatable::drawn;
pub use repeatable::{Repeatable, repeatable};
