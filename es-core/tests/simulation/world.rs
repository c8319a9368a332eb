//! All that is outside of the processes: time, chance, the stored streams and rows, and what is written down.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use es_core::{
    event::Codec,
    repository::MemoryRepository,
    store::{
        AppendError, BoxError, Commit, EventStore, HeadPage, Limits, MemoryEventStore, Page, StreamId,
        Version,
    },
};
use tokio::time::Instant;

use super::{
    bank,
    dice::Dice,
    feed::Log,
    plant::Plant,
    trace::{Entry, Trace},
};

/// What one run is like, drawn from its seed: a run in which all goes wrong at once finds less than many that differ.
#[derive(Clone, Debug)]
pub struct Plan {
    pub processes: u64,
    pub accounts: u64,
    pub clients: u64,
    pub steps: u64,
    /// Of a thousand calls, so many fail.
    pub trouble: u64,
    /// How many milliseconds a call takes at the most.
    pub slow: u64,
    /// Of a thousand events, so many fail in a projection.
    pub poison: u64,
    /// How long the calm between two blows is at the most.
    pub blows: u64,
    /// Which blows there are: a few of them, often, find what all together hide.
    pub kinds: Vec<Blow>,
    pub cached: usize,
    pub codec: Codec,
    pub limits: Limits,
    /// Whether the feed loses nothing, and says so.
    pub complete: bool,
    pub partitions: u64,
    /// How many agents bring each commit.
    pub copies: u64,
    /// Whether an aggregate's records are spread over the partitions.
    pub scattered: bool,
    /// Of a thousand records, so many are lost, if any are.
    pub lost: u64,
    /// Of a thousand records, so many only name the commit.
    pub hints: u64,
    pub verify_every: Duration,
    /// Whether anybody waits for views, verifies or rebuilds them: whoever does repairs what the feed has lost.
    pub watched: bool,
}

impl Plan {
    fn draw(dice: &mut Dice) -> Self {
        let commit_events = dice.one_of(&[3, 4096]);
        let (complete, watched) = (dice.in_thousand(500), dice.in_thousand(600));
        let possible = Blow::ALL.iter().filter(|blow| watched || !blow.repairs());
        let possible = possible.filter(|blow| !complete || **blow != Blow::Truncate);
        let kinds = possible.copied().filter(|_| dice.in_thousand(500)).collect();
        Self {
            processes: dice.between(1, 3),
            accounts: dice.between(1, 4),
            clients: dice.between(1, 6),
            steps: dice.one_of(&[3, 5, 8, 15]),
            trouble: dice.one_of(&[0, 15, 60, 150]),
            slow: dice.one_of(&[1, 8, 40, 200]),
            poison: dice.one_of(&[0, 0, 0, 30]),
            blows: dice.one_of(&[60, 300, 1500]),
            cached: dice.one_of(&[1, 2, 100]),
            codec: dice.one_of(&[Codec::Bincode, Codec::Json]),
            limits: Limits { commit_events, ..Limits::default() },
            complete,
            kinds,
            partitions: dice.between(1, 3),
            copies: dice.between(1, 3),
            scattered: dice.in_thousand(400),
            lost: dice.one_of(&[20, 200, 600]),
            hints: dice.one_of(&[0, 100, 1000]),
            verify_every: Duration::from_millis(dice.between(1000, 8000)),
            watched,
        }
    }
}

/// What happens to a process, to the feed, or to what a process reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blow {
    Kill,
    Drop,
    Shutdown,
    Freeze,
    Rebalance,
    Replay,
    Truncate,
    Outage,
    Rebuild,
    Verify,
    TakeUp,
    CatchUp,
}

impl Blow {
    /// Those that happen more often are there more than once.
    const ALL: &'static [Self] = &[
        Self::Kill,
        Self::Kill,
        Self::Drop,
        Self::Shutdown,
        Self::Freeze,
        Self::Freeze,
        Self::Rebalance,
        Self::Rebalance,
        Self::Replay,
        Self::Truncate,
        Self::Outage,
        Self::Rebuild,
        Self::Rebuild,
        Self::Verify,
        Self::TakeUp,
        Self::CatchUp,
    ];

    /// Whether it brings what the feed has lost.
    fn repairs(self) -> bool {
        matches!(self, Self::Rebuild | Self::Verify | Self::TakeUp | Self::CatchUp)
    }
}

/// What a process reaches by a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reach {
    Store,
    Views,
    Feed,
}

pub struct World {
    pub plan: Plan,
    pub plant: Option<Plant>,
    pub commits: MemoryEventStore,
    /// Of streams, the commit that is decided and that no reads find yet: one replica has it. The feed brings it.
    unseen: Mutex<BTreeMap<StreamId, u64>>,
    pub rows: MemoryRepository,
    /// Where a mistake on purpose keeps checkpoints.
    pub apart: MemoryRepository,
    pub log: Log,
    began: Instant,
    dice: Mutex<Dice>,
    trace: Mutex<Trace>,
    is_calm: AtomicBool,
    /// What nobody reaches until then.
    outage: Mutex<Option<(Reach, Instant)>>,
    /// What was made to fail, as (projection, account, sequence).
    failed: Mutex<BTreeSet<(&'static str, String, u64)>>,
    /// Promises that were broken on the way.
    broken: Mutex<Vec<String>>,
}

impl World {
    pub fn new(seed: u64, plant: Option<Plant>) -> Arc<Self> {
        let mut dice = Dice::new(seed);
        let plan = Plan::draw(&mut dice);
        Arc::new(Self {
            plant,
            commits: MemoryEventStore::with_limits(plan.limits),
            unseen: Mutex::default(),
            rows: MemoryRepository::new(),
            apart: MemoryRepository::new(),
            log: Log::new(plan.partitions),
            plan,
            began: Instant::now(),
            dice: Mutex::new(dice),
            trace: Mutex::default(),
            is_calm: AtomicBool::new(false),
            outage: Mutex::default(),
            failed: Mutex::default(),
            broken: Mutex::default(),
        })
    }

    pub fn draw<T>(&self, draw: impl FnOnce(&mut Dice) -> T) -> T {
        draw(&mut self.dice.lock().unwrap())
    }

    pub fn has(&self, plant: Plant) -> bool {
        self.plant == Some(plant)
    }

    pub fn note(&self, host: usize, what: &'static str, whom: u64, detail: u64) {
        self.note_of("", host, what, whom, detail);
    }

    pub fn note_of(&self, of: &'static str, host: usize, what: &'static str, whom: u64, detail: u64) {
        let at = u64::try_from(self.began.elapsed().as_millis()).unwrap();
        self.trace.lock().unwrap().add(Entry { at, host, what, of, whom, detail });
    }

    pub fn take_trace(&self) -> Trace {
        std::mem::take(&mut self.trace.lock().unwrap())
    }

    pub fn is_endless(&self) -> bool {
        self.trace.lock().unwrap().is_endless()
    }

    /// From now on nothing fails any more.
    pub fn calm(&self) {
        self.note(0, "calm", 0, 0);
        self.unseen.lock().unwrap().clear();
        self.is_calm.store(true, Ordering::SeqCst);
    }

    pub fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::SeqCst)
    }

    /// Nobody reaches this for a while.
    pub fn cut_off(&self, what: Reach, so_long: Duration) {
        self.note(0, "an outage", what as u64, u64::try_from(so_long.as_millis()).unwrap());
        *self.outage.lock().unwrap() = Some((what, Instant::now() + so_long));
    }

    pub fn is_cut_off(&self, what: Reach) -> bool {
        let outage = *self.outage.lock().unwrap();
        !self.is_calm() && outage.is_some_and(|(cut, until)| cut == what && Instant::now() < until)
    }

    /// Whether so many of a thousand times something goes wrong now.
    pub fn goes_wrong(&self, in_thousand: u64) -> bool {
        !self.is_calm() && self.draw(|dice| dice.in_thousand(in_thousand))
    }

    /// How long a call is on its way.
    pub fn delay(&self) -> Duration {
        let most = if self.is_calm() { 1 } else { self.plan.slow };
        Duration::from_millis(self.draw(|dice| if dice.in_thousand(400) { 0 } else { dice.below(most + 1) }))
    }

    pub fn broken(&self, promise: String) {
        self.note(0, "broken", 0, 0);
        self.broken.lock().unwrap().push(promise);
    }

    pub fn first_broken(&self) -> Option<String> {
        self.broken.lock().unwrap().first().cloned()
    }

    /// Makes some events fail in a projection.
    pub fn may_fail(&self, projection: &'static str, account: &str, sequence: u64) -> Result<(), BoxError> {
        if self.plan.poison == 0 || !self.goes_wrong(self.plan.poison) {
            return Ok(());
        }
        self.note(0, "an event fails", account.parse().unwrap(), sequence);
        self.failed.lock().unwrap().insert((projection, account.to_owned(), sequence));
        Err("poison".into())
    }

    pub fn has_failed(&self, projection: &'static str, account: &str, sequence: u64) -> bool {
        self.failed.lock().unwrap().contains(&(projection, account.to_owned(), sequence))
    }

    /// Whether some event of the account was made to fail.
    pub fn any_failed(&self, projection: &'static str, account: u64) -> bool {
        let account = account.to_string();
        self.failed.lock().unwrap().iter().any(|(of, whose, _)| *of == projection && *whose == account)
    }

    /// The moment in which a commit is stored, or is not. What is stored is captured for the feed.
    pub async fn store(self: &Arc<Self>, commit: Arc<Commit>) -> Result<(), AppendError> {
        self.look_serially(&commit.stream);
        let stored = self.commits.append(commit.clone()).await;
        let whom = bank::number(&commit.stream);
        match &stored {
            Ok(()) => {
                self.note(0, "stored", whom, commit.last_sequence);
                Log::capture(self, &commit);
            }
            Err(_) => self.note(0, "not stored", whom, commit.last_sequence),
        }
        stored
    }

    /// As [`store`](Self::store), and whoever led it has gone before the others knew.
    pub async fn store_unseen(self: &Arc<Self>, commit: Arc<Commit>) {
        let (stream, sequence) = (commit.stream.clone(), commit.sequence);
        if self.store(commit).await.is_ok() && self.goes_wrong(500) {
            self.note(0, "unseen", bank::number(&stream), sequence);
            self.unseen.lock().unwrap().insert(stream, sequence);
        }
    }

    /// Finishes what is decided.
    pub fn look_serially(&self, stream: &StreamId) {
        self.unseen.lock().unwrap().remove(stream);
    }

    pub fn without_unseen(&self, stream: &StreamId, page: &mut Page) {
        if let Some(unseen) = self.unseen.lock().unwrap().get(stream) {
            page.commits.retain(|commit| commit.sequence < *unseen);
        }
    }

    pub async fn heads_without_unseen(&self, page: &mut HeadPage) {
        let unseen = self.unseen.lock().unwrap().clone();
        for (stream, head) in &mut page.heads {
            if unseen.contains_key(stream) {
                let mut all = self.commits.read(stream, 1, usize::MAX).await.unwrap();
                self.without_unseen(stream, &mut all);
                *head = all.commits.last().map_or(Version::EMPTY, |commit| commit.version());
            }
        }
        page.heads.retain(|(_, head)| *head != Version::EMPTY);
    }
}
