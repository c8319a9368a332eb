//! Given/when/then: tests of aggregates and projections that need no store.

mod aggregate;
mod outcome;
mod projection;
mod stored;

#[cfg(test)]
mod tests;

pub use aggregate::{Given, given};
pub use outcome::{Outcome, Refusal};
pub use projection::{GivenProjection, given_projection};
