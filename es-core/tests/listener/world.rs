//! A feed, a store and a repository that do what a test tells them, and a projection that shows what it saw.

use std::{
    collections::{BTreeSet, VecDeque},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use es_core::{
    app::App,
    event::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet, FrameBuilder, Metadata, RawEvent},
    feed::{
        ChangeFeed, FeedError, FeedEvent, FeedPayload, FeedRecord, NoFeed, Offset, Partition, Subscription,
    },
    listener::{ListenerState, ProjectionStatus},
    projection::{FailurePolicy, OnFailure, Projection, Subscribed, ViewProjection, keying, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, MemoryRepository, ParkedAggregate, Repository,
        RepositoryError, Row,
    },
    snapshot::Snapshot,
    store::{
        AppendError, BoxError, Commit, EventStore, HeadPage, MemoryEventStore, Page, ReadError, StreamId,
        Version,
    },
};
use tokio::sync::Notify;
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

/// A feed that brings what a test puts into it.
#[derive(Clone, Default)]
pub struct Feed(Arc<FeedState>);

#[derive(Default)]
struct FeedState {
    events: Mutex<VecDeque<Result<FeedEvent, FeedError>>>,
    arrived: Notify,
    taken: AtomicUsize,
    seeks: Mutex<Vec<(String, Option<i64>)>>,
    lost: Mutex<BTreeSet<i64>>,
    lossy: AtomicBool,
    /// What it was told is saved, and how often it was left.
    saved: Mutex<Vec<(String, i64)>>,
    left: AtomicUsize,
}

impl Feed {
    pub fn assigned(partitions: &[&str]) -> Self {
        let feed = Self::default();
        feed.put(FeedEvent::Assigned(partitions.iter().map(|p| (*p).into()).collect()));
        feed
    }
    pub fn put(&self, event: FeedEvent) {
        self.0.events.lock().unwrap().push_back(Ok(event));
        self.0.arrived.notify_one();
    }
    pub fn fail(&self) {
        self.0.events.lock().unwrap().push_back(Err(FeedError::Unavailable("the feed is down".into())));
        self.0.arrived.notify_one();
    }
    pub fn record(&self, partition: &str, offset: i64, payload: FeedPayload) {
        self.put(FeedEvent::Records(vec![record(partition, offset, payload)]));
    }
    pub fn commit(&self, partition: &str, offset: i64, commit: &Arc<Commit>) {
        self.record(partition, offset, FeedPayload::Commit(commit.clone()));
    }
    /// How many events were taken.
    pub fn taken(&self) -> usize {
        self.0.taken.load(Ordering::SeqCst)
    }
    pub fn seeks(&self) -> Vec<(String, Option<i64>)> {
        self.0.seeks.lock().unwrap().clone()
    }
    /// What it was last told is saved.
    pub fn saved(&self) -> Option<(String, i64)> {
        self.0.saved.lock().unwrap().last().cloned()
    }
    /// How often it was left.
    pub fn left(&self) -> usize {
        self.0.left.load(Ordering::SeqCst)
    }
    /// It does not promise to bring everything.
    pub fn lossy(self) -> Self {
        self.0.lossy.store(true, Ordering::SeqCst);
        self
    }
    /// From now on this offset is gone.
    pub fn lose_offset(&self, offset: i64) {
        self.0.lost.lock().unwrap().insert(offset);
    }
}

pub fn record(partition: &str, offset: i64, payload: FeedPayload) -> FeedRecord {
    FeedRecord { partition: partition.into(), offset, payload }
}

impl ChangeFeed for Feed {
    type Subscription = Self;
    async fn subscribe(&self, _: &str, _: &[&'static str]) -> Result<Self, FeedError> {
        Ok(self.clone())
    }
    fn is_complete(&self) -> bool {
        !self.0.lossy.load(Ordering::SeqCst)
    }
}

impl Subscription for Feed {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        loop {
            let arrived = self.0.arrived.notified();
            let event = self.0.events.lock().unwrap().pop_front();
            if let Some(event) = event {
                self.0.taken.fetch_add(1, Ordering::SeqCst);
                return event;
            }
            arrived.await;
        }
    }
    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        self.0.seeks.lock().unwrap().push((partition.to_string(), after));
        match after {
            Some(offset) if self.0.lost.lock().unwrap().contains(&offset) => {
                Err(FeedError::OffsetOutOfRange { partition: partition.clone(), offset })
            }
            _ => Ok(()),
        }
    }
    async fn saved(&mut self, offsets: &[Offset]) {
        let offsets = offsets.iter().map(|o| (o.partition.to_string(), o.offset));
        self.0.saved.lock().unwrap().extend(offsets);
    }
    async fn leave(&mut self) {
        self.0.left.fetch_add(1, Ordering::SeqCst);
    }
}

/// A store whose reads fail as often as a test says.
#[derive(Clone, Default)]
pub struct Store {
    pub inner: MemoryEventStore,
    pub failing_reads: Arc<AtomicUsize>,
    pub failing_heads: Arc<AtomicUsize>,
    pub failing_head: Arc<AtomicUsize>,
    pub reads: Arc<AtomicUsize>,
    /// The sequence at which a row is corrupt, 0 for none.
    pub corrupt_at: Arc<AtomicUsize>,
}

impl Store {
    /// Stores a chain of commits of so many ticks.
    pub async fn chain(&self, id: &str, ticks: &[usize]) -> Vec<Arc<Commit>> {
        let stream = stream(id);
        let mut commits = Vec::new();
        for ticks in ticks {
            let head = self.inner.head(&stream).await.unwrap();
            let commit = commit(&head, &stream, *ticks);
            self.inner.append(commit.clone()).await.unwrap();
            commits.push(commit);
        }
        commits
    }
}

/// Counts down, and says whether it was above zero.
fn due(counter: &AtomicUsize) -> bool {
    counter.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)).is_ok()
}

impl EventStore for Store {
    type Feed = NoFeed;
    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.inner.append(commit).await
    }
    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.reads.fetch_add(1, Ordering::SeqCst);
        if due(&self.failing_reads) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        let page = self.inner.read(stream, from, limit).await?;
        let corrupt = self.corrupt_at.load(Ordering::SeqCst) as u64;
        match page.commits.iter().find(|commit| commit.sequence == corrupt) {
            Some(commit) => Err(ReadError::Corrupt {
                stream: stream.clone(),
                sequence: commit.sequence,
                reason: "a bit has rotted".into(),
            }),
            None => Ok(page),
        }
    }
    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        if due(&self.failing_head) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        self.inner.head(stream).await
    }
    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        if due(&self.failing_heads) {
            return Err(ReadError::Unavailable("the store is down".into()));
        }
        self.inner.heads(category, after, limit).await
    }
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.inner.save_snapshot(snapshot).await
    }
    async fn load_snapshot(&self, stream: &StreamId, shape: u64) -> Result<Option<Snapshot>, ReadError> {
        self.inner.load_snapshot(stream, shape).await
    }
    fn feed(&self) -> Option<NoFeed> {
        None
    }
}

/// A repository that fails as often as a test says.
#[derive(Clone, Default)]
pub struct Views {
    pub inner: MemoryRepository,
    /// Applies that fail and do nothing.
    pub failing: Arc<AtomicUsize>,
    /// Applies that are done, but say that they failed.
    pub silent: Arc<AtomicUsize>,
    /// Looks at what is parked that fail.
    pub failing_looks: Arc<AtomicUsize>,
    /// Whether it answers nobody who asks for checkpoints.
    pub hanging: Arc<AtomicBool>,
    pub applies: Arc<AtomicUsize>,
    /// While a test has it, nothing is applied.
    pub gate: Arc<tokio::sync::RwLock<()>>,
}

fn down() -> RepositoryError {
    RepositoryError::Unavailable("the database is down".into())
}

impl<P: ViewProjection> Repository<P> for Views {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        Repository::<P>::prepare(&self.inner).await
    }
    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        if self.hanging.load(Ordering::SeqCst) {
            std::future::pending::<()>().await;
        }
        Repository::<P>::checkpoints(&self.inner, streams).await
    }
    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        Repository::<P>::offsets(&self.inner).await
    }
    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        self.applies.fetch_add(1, Ordering::SeqCst);
        let _pass = self.gate.read().await;
        if due(&self.failing) {
            return Err(down().into());
        }
        self.inner.apply(projection, batch).await?;
        if due(&self.silent) { Err(down().into()) } else { Ok(()) }
    }
    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        if due(&self.failing_looks) {
            return Err(down());
        }
        Repository::<P>::parked(&self.inner, limit).await
    }
    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        Repository::<P>::dead_letters(&self.inner, limit).await
    }
    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        Repository::<P>::get(&self.inner, key).await
    }
    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        Repository::<P>::list(&self.inner, after, limit).await
    }
}

/// An App with one [`Seen`] over all of these.
pub struct World {
    pub feed: Feed,
    pub store: Store,
    pub views: Views,
    pub poison: Poison,
    pub app: App,
}

impl World {
    pub async fn start() -> Self {
        Self::over(Feed::assigned(&["p"]), Store::default(), Views::default()).await
    }

    pub async fn over(feed: Feed, store: Store, views: Views) -> Self {
        let poison = Poison::default();
        let builder = App::builder(store.clone()).change_feed(feed.clone());
        let builder = builder.read_patience(Duration::from_secs(60));
        let app = builder.projection(Seen(poison.clone()), views.clone()).start().await.unwrap();
        Self { feed, store, views, poison, app }
    }

    /// The sequences that the view of `id` saw, in that order.
    pub async fn seen(&self, id: &str) -> Vec<u64> {
        self.app.views::<Seen>().unwrap().get(id).await.unwrap().unwrap_or_default()
    }

    /// Waits until the view has come to its end, and says what it saw.
    pub async fn settled(&self, id: &str) -> Vec<u64> {
        self.app.caught_up(Duration::from_secs(60)).await.unwrap();
        self.seen(id).await
    }

    pub fn status(&self) -> ProjectionStatus {
        self.app.projections().remove(0)
    }

    pub async fn offsets(&self) -> Vec<(String, i64)> {
        let saved = Repository::<Seen>::offsets(&self.views.inner).await.unwrap();
        saved.into_iter().map(|o| (o.partition.to_string(), o.offset)).collect()
    }

    pub async fn parked(&self) -> Vec<(String, u64, String)> {
        let parked = self.app.parked::<Seen>(10).await.unwrap();
        let shown = parked.into_iter().map(|p| (p.stream.id.to_string(), p.checkpoint.parked.unwrap()));
        shown.map(|(id, parked)| (id, parked.sequence, parked.error)).collect()
    }
}

/// Waits until `condition` holds, for a minute at most.
pub async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holds).await.expect("it comes to that within a minute");
}

pub async fn until_stopped(app: &App) -> ListenerState {
    until(async || matches!(app.projections()[0].state, ListenerState::Stopped(_))).await;
    app.projections().remove(0).state
}
