use futures_util::FutureExt;
use std::{
    collections::HashMap,
    fmt::{self, Display},
    sync::Arc,
    time::SystemTime,
};
use uuid::Uuid;

use super::stored;
use crate::{
    event::{Codec, CommandMetadata, DecodeError, EncodeError, Event, EventSet, FrameBuilder},
    projection::ViewProjection,
    query::{Source, Views},
    repository::{ApplyError, Batch, Checkpoint, DynRepository, Erased, MemoryRepository, Move},
    store::{Commit, StreamId, Version, from_millis},
};

/// Begins the test of a projection, over an empty view.
///
/// ```
/// # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/src/testing/given/bank.rs"));
/// # fn main() {
/// use es_core::testing::given_projection;
/// let bank = given_projection(Balances)
///     .event("a-1", Opened { owner: "Ann".into() })
///     .event("a-1", Deposited { amount: 5 })
///     .event("b-2", Opened { owner: "Bob".into() });
/// assert_eq!(bank.row("a-1").unwrap().balance, 5);
/// assert_eq!(bank.rows().len(), 2);
/// # }
/// ```
///
/// Each event is a commit of its own, encoded and applied to a [`MemoryRepository`] by the code that runs in
/// production: keys, metadata, sequences and failures are the real ones.
pub fn given_projection<P: ViewProjection>(projection: P) -> GivenProjection<P> {
    GivenProjection {
        view: Arc::new(Erased { projection: Arc::new(projection), repository: MemoryRepository::new() }),
        streams: HashMap::new(),
        metadata: CommandMetadata::default(),
        at: None,
        failure: None,
    }
}

/// A projection with events behind it. Made by [`given_projection`].
pub struct GivenProjection<P> {
    view: Arc<Erased<P, MemoryRepository>>,
    streams: HashMap<StreamId, Version>,
    metadata: CommandMetadata,
    at: Option<SystemTime>,
    failure: Option<ApplyError>,
}

impl<P: ViewProjection> GivenProjection<P> {
    /// The next event of aggregate `id`. After one that failed, see [`GivenProjection::failure`], nothing more
    /// is applied.
    ///
    /// # Panics
    ///
    /// When the event cannot be read back from a store; the message says why.
    #[track_caller]
    pub fn event<E: Event>(mut self, id: impl Display, event: E) -> Self {
        let event = One(event);
        if let Err(reason) = stored::read_back(&event) {
            panic!("given: {reason}");
        }
        let mut frame = FrameBuilder::new(Codec::default());
        if let Err(error) = frame.push(Uuid::now_v7(), &self.metadata, &[event]) {
            panic!("given: {error}");
        }
        let category = E::NAME.split_once('.').map_or(E::NAME, |(category, _)| category);
        let stream = StreamId::new(category, id.to_string());
        let before = self.streams.get(&stream).copied().unwrap_or(Version::EMPTY);
        let mut commit = Commit::following(&before, stream.clone(), Codec::default(), frame);
        if let Some(at) = self.at {
            commit.committed_at = at;
            // As precise as a store keeps it.
            commit.committed_at = from_millis(commit.committed_at_millis());
        }
        let after = commit.version();
        if self.failure.is_none() {
            let step = Move {
                stream: stream.clone(),
                expected: checkpoint(&before),
                to: checkpoint(&after),
                commits: vec![Arc::new(commit)],
            };
            let batch = Batch { moves: vec![step], ..Batch::default() };
            self.failure = at_once(self.view.apply(&batch)).err();
        }
        self.streams.insert(stream, after);
        self
    }

    /// What the senders of the commands behind the following events said.
    #[must_use]
    pub fn metadata(self, metadata: CommandMetadata) -> Self {
        Self { metadata, ..self }
    }

    /// When the following events were committed; without it, now.
    #[must_use]
    pub fn at(self, time: SystemTime) -> Self {
        Self { at: Some(time), ..self }
    }

    /// The row of `key`, if there is one.
    ///
    /// # Panics
    ///
    /// When an event failed, or the row cannot be read back as the view's type.
    #[track_caller]
    pub fn row(&self, key: &P::Key) -> Option<P::View> {
        match at_once(self.views().get(key)) {
            Ok(row) => row,
            Err(error) => panic!("{error}"),
        }
    }

    /// All rows with their keys' texts, in the order of those.
    ///
    /// # Panics
    ///
    /// When an event failed, or a row cannot be read back as the view's type.
    #[track_caller]
    pub fn rows(&self) -> Vec<(String, P::View)> {
        match at_once(self.views().all()) {
            Ok(rows) => rows,
            Err(error) => panic!("{error}"),
        }
    }

    /// The view as query handlers get it.
    ///
    /// # Panics
    ///
    /// When an event failed.
    #[track_caller]
    pub fn views(&self) -> Views<P> {
        if let Some(error) = &self.failure {
            panic!("the projection failed: {error}");
        }
        Views::over(Source::Repository(self.view.clone()))
    }

    /// The first event that failed, and why, as the listener would get it: it would then retry, park or stop.
    pub fn failure(&self) -> Option<&ApplyError> {
        self.failure.as_ref()
    }
}

impl<P: ViewProjection> fmt::Debug for GivenProjection<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { streams, failure, .. } = self;
        f.debug_struct(P::NAME).field("streams", streams).field("failure", failure).finish_non_exhaustive()
    }
}

fn checkpoint(version: &Version) -> Checkpoint {
    Checkpoint { applied: version.last_sequence(), commit_id: version.commit_id(), parked: None }
}

/// The view is in memory and nobody else's, so nothing ever waits.
#[track_caller]
fn at_once<T>(future: impl Future<Output = T>) -> T {
    match future.now_or_never() {
        Some(result) => result,
        None => panic!("the view is in use elsewhere: drop what holds it first"),
    }
}

/// An event as the only one of its set.
struct One<E>(E);

impl<E: Event> EventSet for One<E> {
    fn name(&self) -> &'static str {
        E::NAME
    }
    fn version(&self) -> u32 {
        E::VERSION
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        crate::event::stored::Storable::to_bytes(&self.0, codec, out)
    }
    fn decode(_: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        E::decode(version, codec, bytes).map(Self)
    }
}
