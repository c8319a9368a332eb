//! A small domain: clocks that tick, and a view that shows which ticks it saw, in which order.

use std::sync::Arc;

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder, Metadata, RawEvent},
    projection::{Projection, Subscribed, ViewProjection, keying, style},
    store::{BoxError, Commit, StreamId, Version},
};
use uuid::Uuid;

pub const CATEGORY: &str = "clock";

/// An event of that name: `clock.tick`, or one that the view does not know.
pub struct Event(pub &'static str);

pub const TICK: Event = Event("clock.tick");

impl EventSet for Event {
    fn name(&self) -> &'static str {
        self.0
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(&(), out)
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(TICK)
    }
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new(CATEGORY, id)
}

pub fn commit(after: &Version, id: &str, events: &[Event]) -> Arc<Commit> {
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), events).unwrap();
    Arc::new(Commit::following(after, stream(id), Codec::Bincode, frame))
}

/// Commits of so many ticks each, from the beginning.
pub fn chain(id: &str, ticks: &[usize]) -> Vec<Arc<Commit>> {
    let mut at = Version::EMPTY;
    let commits = ticks.iter().map(|ticks| {
        let events: Vec<_> = (0..*ticks).map(|_| TICK).collect();
        let commit = commit(&at, id, &events);
        at = commit.version();
        commit
    });
    commits.collect()
}

/// The sequences of an aggregate's ticks. Appends without looking: what is applied twice or out of order shows.
pub struct Seen;

impl Projection for Seen {
    type Style = style::View;
    const NAME: &'static str = "seen";
    const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "clock.tick", version: 1 }];
}

impl ViewProjection for Seen {
    type View = Vec<u64>;
    type Key = str;
    type Keying = keying::ByAggregate;
    type Input = ();
    const USES_METADATA: bool = false;
    fn decode(&self, event: &RawEvent<'_>, _: Codec) -> Result<Option<()>, DecodeError> {
        Ok((event.name == TICK.0).then_some(()))
    }
    fn fold(&self, view: &mut Vec<u64>, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        view.push(metadata.sequence);
        Ok(())
    }
}
