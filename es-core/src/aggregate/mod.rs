//! Aggregates: the state behind a stream of events.

mod fingerprint;
mod id;
mod into_events;

pub use fingerprint::fingerprint;
pub use id::AggregateId;
pub use into_events::{Emits, IntoEvents};

use crate::{event::EventSet, snapshot::SnapshotSpec};

/// How an event changes an aggregate.
///
/// It must not fail: the event has happened. Refuse in the command handler, before it does.
#[diagnostic::on_unimplemented(
    message = "aggregate `{Self}` does not know how to apply `{E}`",
    label = "no `Apply<{E}>` for `{Self}`",
    note = "write: `impl Apply<{E}> for {Self} {{ fn apply(&mut self, event: &{E}) {{ .. }} }}`"
)]
pub trait Apply<E> {
    /// Changes the state as `event` says.
    fn apply(&mut self, event: &E);
}

/// A consistency boundary: an id, a stream of events, and the state they make.
///
/// Made by `#[derive(Aggregate)]`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not an aggregate",
    label = "not an aggregate",
    note = "a command handler takes the aggregate first, then the command",
    note = "add `#[derive(Aggregate, Default)] #[aggregate(\"category\", id = String, events(..))]` to `{Self}`"
)]
pub trait Aggregate: Default + Send + Sync + 'static {
    /// What one aggregate of this type is found by.
    type Id: AggregateId;
    /// The enum of its events.
    type Event: EventSet;
    /// The first part of its events' names; also the name of its table and topic.
    const CATEGORY: &'static str;
    /// How its state is kept beside the stream, if it is.
    const SNAPSHOT: Option<SnapshotSpec<Self>> = None;

    /// Changes the state as `event` says.
    fn apply_event(&mut self, event: &Self::Event);

    /// A copy of the state, to decide waiting commands on while the original stays at what is stored.
    fn fork(&self) -> Self;
}
