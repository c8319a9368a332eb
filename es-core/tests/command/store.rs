//! A store over a [`MemoryEventStore`] that does as it is told, and tells what it was asked.

use es_core::{
    snapshot::Snapshot,
    store::{
        AppendError, Commit, EventStore, HeadPage, Limits, MemoryEventStore, Page, ReadError, StreamId,
        Version,
    },
};
use std::{
    collections::VecDeque,
    pin::Pin,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Semaphore, watch};

/// What becomes of the next append.
pub enum Fault {
    /// Nothing special.
    Pass,
    /// Refused, although nobody else wrote.
    Conflict,
    /// Not stored, certainly.
    Unavailable,
    /// Not known, and stored.
    UnknownStored,
    /// Not known, and not stored.
    UnknownLost,
    /// Not known, and stored right before the next append.
    UnknownLate,
    /// Something else happens before, such as another process' commit.
    First(Pin<Box<dyn Future<Output = ()> + Send>>),
}

/// What the store was asked.
#[derive(Clone, Debug, PartialEq)]
pub enum Call {
    /// At which sequence.
    Append(u64),
    /// From which sequence.
    Read(u64),
    Head,
    LoadSnapshot,
    SaveSnapshot,
}

type Tamper<T> = Mutex<Option<Box<dyn Fn(T) -> T + Send + Sync>>>;

struct Shared {
    faults: Mutex<VecDeque<Fault>>,
    calls: Mutex<Vec<Call>>,
    late: Mutex<Vec<Arc<Commit>>>,
    gate: Semaphore,
    arrived: watch::Sender<usize>,
    yields: AtomicUsize,
    broken_reads: AtomicUsize,
    pages: Tamper<Page>,
    snapshots: Tamper<Result<Option<Snapshot>, ReadError>>,
}

/// Clones are the same store; [`FaultyStore::another`] is another process' view of it.
#[derive(Clone)]
pub struct FaultyStore {
    pub memory: MemoryEventStore,
    shared: Arc<Shared>,
}

impl FaultyStore {
    pub fn new() -> Self {
        Self::over(MemoryEventStore::new())
    }

    pub fn with_limits(limits: Limits) -> Self {
        Self::over(MemoryEventStore::with_limits(limits))
    }

    fn over(memory: MemoryEventStore) -> Self {
        let shared = Shared {
            faults: Mutex::default(),
            calls: Mutex::default(),
            late: Mutex::default(),
            gate: Semaphore::new(Semaphore::MAX_PERMITS),
            arrived: watch::Sender::new(0),
            yields: AtomicUsize::new(0),
            broken_reads: AtomicUsize::new(0),
            pages: Mutex::default(),
            snapshots: Mutex::default(),
        };
        Self { memory, shared: Arc::new(shared) }
    }

    /// The same rows, without this one's faults.
    pub fn another(&self) -> Self {
        Self::over(self.memory.clone())
    }

    pub fn then(&self, fault: Fault) {
        self.shared.faults.lock().unwrap().push_back(fault);
    }

    /// Has `event` happen between the decision and the append of the next commit.
    pub fn first(&self, event: impl Future<Output = ()> + Send + 'static) {
        self.then(Fault::First(Box::pin(event)));
    }

    /// Makes appends wait from now on.
    pub fn hold(&self) {
        self.shared.gate.forget_permits(usize::MAX);
    }

    /// Lets so many appends through.
    pub fn let_through(&self, count: usize) {
        self.shared.gate.add_permits(count);
    }

    /// Lets all through again.
    pub fn release(&self) {
        self.let_through(Semaphore::MAX_PERMITS / 2);
    }

    /// Waits until so many appends have arrived, since the store was made.
    pub async fn arrived(&self, count: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        super::soon(arrived.wait_for(|arrived| *arrived >= count)).await.unwrap();
    }

    /// Makes every call wait so many times before and after what it does.
    pub fn yielding(&self, times: usize) {
        self.shared.yields.store(times, Ordering::SeqCst);
    }

    /// Makes the next reads of events and heads fail.
    pub fn break_reads(&self, count: usize) {
        self.shared.broken_reads.store(count, Ordering::SeqCst);
    }

    pub fn tamper_pages(&self, tamper: impl Fn(Page) -> Page + Send + Sync + 'static) {
        *self.shared.pages.lock().unwrap() = Some(Box::new(tamper));
    }

    pub fn tamper_snapshots(
        &self,
        tamper: impl Fn(Result<Option<Snapshot>, ReadError>) -> Result<Option<Snapshot>, ReadError>
        + Send
        + Sync
        + 'static,
    ) {
        *self.shared.snapshots.lock().unwrap() = Some(Box::new(tamper));
    }

    /// What was asked since the last time.
    pub fn calls(&self) -> Vec<Call> {
        std::mem::take(&mut self.shared.calls.lock().unwrap())
    }

    /// Everything that is stored of ledger `id`.
    pub async fn commits(&self, id: &str) -> Vec<Arc<Commit>> {
        self.memory.read(&StreamId::new("ledger", id), 1, usize::MAX).await.unwrap().commits
    }

    async fn called(&self, call: Call) {
        self.shared.calls.lock().unwrap().push(call);
        self.pause().await;
    }

    async fn pause(&self) {
        for _ in 0..self.shared.yields.load(Ordering::SeqCst) {
            tokio::task::yield_now().await;
        }
    }

    /// What was held up somewhere on the way reaches the store.
    pub async fn land_late(&self) {
        let late = std::mem::take(&mut *self.shared.late.lock().unwrap());
        for commit in late {
            // It may find its place taken.
            let _ = self.memory.append(commit).await;
        }
    }

    fn check_reads(&self) -> Result<(), ReadError> {
        let broken = &self.shared.broken_reads;
        match broken.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1)) {
            Ok(_) => Err(ReadError::Unavailable("told not to answer".into())),
            Err(_) => Ok(()),
        }
    }
}

fn unknown() -> AppendError {
    AppendError::OutcomeUnknown("told to say nothing".into())
}

impl EventStore for FaultyStore {
    type Feed = MemoryEventStore;

    fn limits(&self) -> Limits {
        self.memory.limits()
    }

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.called(Call::Append(commit.sequence)).await;
        self.shared.arrived.send_modify(|arrived| *arrived += 1);
        self.shared.gate.acquire().await.unwrap().forget();
        self.land_late().await;
        let fault = self.shared.faults.lock().unwrap().pop_front().unwrap_or(Fault::Pass);
        let answer = match fault {
            Fault::Pass => self.memory.append(commit).await,
            Fault::Conflict => Err(AppendError::Conflict { winner: None }),
            Fault::Unavailable => Err(AppendError::Unavailable("told to refuse".into())),
            Fault::UnknownStored => self.memory.append(commit).await.and(Err(unknown())),
            Fault::UnknownLost => Err(unknown()),
            Fault::UnknownLate => {
                self.shared.late.lock().unwrap().push(commit);
                Err(unknown())
            }
            Fault::First(event) => {
                event.await;
                self.memory.append(commit).await
            }
        };
        self.pause().await;
        answer
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.called(Call::Read(from)).await;
        self.check_reads()?;
        let page = self.memory.read(stream, from, limit).await;
        self.pause().await;
        match &*self.shared.pages.lock().unwrap() {
            Some(tamper) => page.map(tamper),
            None => page,
        }
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.called(Call::Head).await;
        self.check_reads()?;
        let head = self.memory.head(stream).await;
        self.pause().await;
        head
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.memory.heads(category, after, limit).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.called(Call::SaveSnapshot).await;
        self.memory.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.called(Call::LoadSnapshot).await;
        let snapshot = self.memory.load_snapshot(stream, fingerprint).await;
        match &*self.shared.snapshots.lock().unwrap() {
            Some(tamper) => tamper(snapshot),
            None => snapshot,
        }
    }

    fn feed(&self) -> Option<MemoryEventStore> {
        None
    }
}
