//! The event, and the projections.

use std::{
    collections::BTreeSet,
    sync::{Arc, Mutex},
};

use es_core::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder, Metadata, RawEvent},
    projection::{FailurePolicy, OnFailure, Projection, Subscribed, ViewProjection, keying, style},
    store::{BoxError, Commit, StreamId, Version},
};
use uuid::Uuid;

/// The only event: it happened.
pub struct Tick;

impl EventSet for Tick {
    fn name(&self) -> &'static str {
        "clock.tick"
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(&(), out)
    }
    fn decode(_: &str, _: u32, _: Codec, _: &[u8]) -> Result<Self, DecodeError> {
        Ok(Self)
    }
}

pub fn stream(id: &str) -> StreamId {
    StreamId::new("clock", id)
}

/// A commit of `ticks` after `after`.
pub fn commit(after: &Version, stream: &StreamId, ticks: usize) -> Arc<Commit> {
    let mut frame = FrameBuilder::new(Codec::Bincode);
    let ticks: Vec<_> = (0..ticks).map(|_| Tick).collect();
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &ticks).unwrap();
    Arc::new(Commit::following(after, stream.clone(), Codec::Bincode, frame))
}

/// Which events, as (aggregate id, sequence), a projection cannot take.
#[derive(Clone, Default)]
pub struct Poison(Arc<Mutex<BTreeSet<(String, u64)>>>);

impl Poison {
    pub fn add(&self, id: &str, sequence: u64) {
        self.0.lock().unwrap().insert((id.to_owned(), sequence));
    }
    pub fn cure(&self) {
        self.0.lock().unwrap().clear();
    }
    fn check(&self, metadata: &Metadata) -> Result<(), BoxError> {
        let event = (metadata.aggregate_id.to_string(), metadata.sequence);
        if self.0.lock().unwrap().contains(&event) { Err("poison".into()) } else { Ok(()) }
    }
}

macro_rules! projection { ($name:ident $stored:literal $view:ty, $keying:ty, $then:ident, $($rest:tt)*) => {
    #[derive(Clone, Default)]
    pub struct $name(pub Poison);
    impl Projection for $name {
        type Style = style::View;
        const NAME: &'static str = $stored;
        const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "clock.tick", version: 1 }];
        const FAILURE: FailurePolicy = FailurePolicy { retries: 2, then: OnFailure::$then };
    }
    impl ViewProjection for $name {
        type View = $view;
        type Key = str;
        type Keying = $keying;
        type Input = ();
        const USES_METADATA: bool = false;
        fn decode(&self, _: &RawEvent<'_>, _: Codec) -> Result<Option<()>, DecodeError> {
            Ok(Some(()))
        }
        $($rest)*
    }
} }

projection! { Seen "seen" Vec<u64>, keying::ByAggregate, Park,
    // Appends without looking: what is applied twice or out of order shows.
    fn fold(&self, view: &mut Vec<u64>, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        self.0.check(metadata)?;
        view.push(metadata.sequence);
        Ok(())
    }
}
projection! { Stopping "stopping" Vec<u64>, keying::ByAggregate, Stop,
    fn fold(&self, view: &mut Vec<u64>, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        self.0.check(metadata)?;
        view.push(metadata.sequence);
        Ok(())
    }
}
projection! { Sum "sum" u64, keying::ByKey, Park,
    fn key(&self, _: &(), _: &Metadata, out: &mut String) {
        out.push_str("all");
    }
    fn fold(&self, view: &mut u64, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        self.0.check(metadata)?;
        *view += 1;
        Ok(())
    }
}
/// A view that leaves out what its reader needs.
#[derive(Debug, Default, PartialEq, serde::Serialize, serde::Deserialize)]
pub struct Count {
    #[serde(skip_serializing_if = "is_two")]
    pub of: u64,
}

fn is_two(count: &u64) -> bool {
    *count == 2
}

projection! { Counted "counted" Count, keying::ByAggregate, Park,
    fn fold(&self, view: &mut Count, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        self.0.check(metadata)?;
        view.of += 1;
        Ok(())
    }
}
projection! { Mean "mean" f64, keying::ByAggregate, Park,
    fn fold(&self, view: &mut f64, _: &(), metadata: &Metadata) -> Result<(), BoxError> {
        self.0.check(metadata)?;
        *view = if &*metadata.aggregate_id == "nan" && metadata.sequence == 2 { f64::NAN } else { *view + 1.0 };
        Ok(())
    }
}
