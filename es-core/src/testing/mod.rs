//! For tests, the framework's and yours: given/when/then.

mod given;

pub use given::{Given, GivenProjection, Outcome, Refusal, given, given_projection};
