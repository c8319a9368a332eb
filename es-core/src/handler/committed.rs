use std::fmt;
use uuid::Uuid;

use crate::{
    aggregate::Aggregate,
    event::{EventSet, Metadata},
    query::{ReadAfter, ReadToken},
    store::StreamId,
};

/// A command that is done: its events are durable.
#[non_exhaustive]
pub struct Committed<A: Aggregate> {
    /// The sequence of the aggregate's last event once this command was done. A command that changed nothing
    /// has that of the state it was decided on.
    pub version: u64,
    /// What happened, in order. Empty for a command that changed nothing.
    pub events: Vec<A::Event>,
    /// The command's id, the sender's or a generated one.
    pub command_id: Uuid,
    /// Whether a command of this id was done before: then these are the events of that time, and nothing
    /// happened now.
    pub duplicate: bool,
    pub(crate) stream: StreamId,
}

impl<A: Aggregate> Committed<A> {
    /// What a query waits for to see this write; see `App::query_after`.
    pub fn token(&self) -> ReadToken {
        ReadToken { stream: self.stream.clone(), sequence: self.version }
    }
}

impl<A: Aggregate> From<&Committed<A>> for ReadAfter {
    fn from(committed: &Committed<A>) -> Self {
        committed.token().into()
    }
}

impl<A: Aggregate> fmt::Debug for Committed<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Committed")
            .field("stream", &self.stream)
            .field("version", &self.version)
            .field("events", &self.events.iter().map(EventSet::name).collect::<Vec<_>>())
            .field("command_id", &self.command_id)
            .field("duplicate", &self.duplicate)
            .finish()
    }
}

/// One event of an aggregate's history.
#[non_exhaustive]
pub struct Recorded<A: Aggregate> {
    /// The event, brought to its current version.
    pub event: A::Event,
    /// Where and when, and what it came of.
    pub metadata: Metadata,
}

impl<A: Aggregate> fmt::Debug for Recorded<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorded")
            .field("event", &self.event.name())
            .field("metadata", &self.metadata)
            .finish()
    }
}
