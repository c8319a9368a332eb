//! The processes of a run, and what was asked of them.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use es_core::{
    app::App,
    command::CommandExt,
    handler::{ExecuteError, LoadError},
};
use tokio::time::{sleep, timeout};
use uuid::Uuid;

use super::{
    bank::{Ask, Refused, Statements, Total, Want},
    host::Host,
    plant::Plant,
    store::{Over, SimStore},
    subscription::SimFeed,
    views::SimViews,
    world::World,
};

/// A process that is up.
pub struct Live {
    pub host: Arc<Host>,
    pub commands: App,
    /// The same App, but where a mistake on purpose needs another one.
    pub views: App,
    /// How many events each row had when it was last read here. One read at a time: those that wait for one view are
    /// woken in an order that tokio leaves to chance.
    pub seen: tokio::sync::Mutex<BTreeMap<(&'static str, String), u64>>,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    Done {
        version: u64,
        duplicate: bool,
    },
    Refused(Refused),
    /// Certainly not done.
    Failed,
    Unknown,
}

/// An operation that somebody wants, and all that became of it.
#[derive(Clone, Debug)]
pub struct Operation {
    pub id: Uuid,
    pub account: u64,
    pub ask: Ask,
    /// The last sequence that was acknowledged before it was first sent.
    pub floor: u64,
    pub outcomes: Vec<Outcome>,
}

impl Operation {
    pub fn done(&self) -> Option<u64> {
        self.outcomes.iter().find_map(|outcome| match outcome {
            Outcome::Done { version, .. } => Some(*version),
            _ => None,
        })
    }

    pub fn may_be_done(&self) -> bool {
        self.outcomes.contains(&Outcome::Unknown)
    }
}

pub struct Lab {
    pub world: Arc<World>,
    pub over: Over,
    pub slots: Vec<Mutex<Option<Arc<Live>>>>,
    pub operations: Mutex<Vec<Operation>>,
    /// Of each account, the last sequence that was acknowledged.
    acknowledged: Mutex<BTreeMap<u64, u64>>,
    /// And the last that a view has shown.
    shown: Mutex<BTreeMap<u64, u64>>,
}

impl Lab {
    pub fn new(world: Arc<World>) -> Arc<Self> {
        let slots = (0..world.plan.processes).map(|_| Mutex::default()).collect();
        Arc::new(Self {
            world,
            over: Over::default(),
            slots,
            operations: Mutex::default(),
            acknowledged: Mutex::default(),
            shown: Mutex::default(),
        })
    }

    pub fn slot(&self, number: usize) -> Option<Arc<Live>> {
        self.slots[number].lock().unwrap().clone()
    }

    pub fn up(&self) -> Vec<Arc<Live>> {
        (0..self.slots.len()).filter_map(|number| self.slot(number)).collect()
    }

    /// One of the processes that are up.
    pub async fn any(&self) -> Arc<Live> {
        loop {
            let up = self.up();
            if !up.is_empty() {
                return up[self.world.draw(|dice| dice.below(up.len() as u64)) as usize].clone();
            }
            sleep(Duration::from_millis(20)).await;
        }
    }

    /// Starts the process in a slot that is empty, again and again until it is up.
    pub async fn start(&self, number: usize) {
        let host = Host::new(number + 1, &self.world);
        let live = loop {
            host.note("starts", 0, 0);
            match self.open(&host).await {
                Some(live) => break live,
                None => sleep(Duration::from_millis(100)).await,
            }
        };
        host.note("is up", 0, 0);
        *self.slots[number].lock().unwrap() = Some(Arc::new(live));
    }

    async fn open(&self, host: &Arc<Host>) -> Option<Live> {
        let plan = &self.world.plan;
        let store = SimStore { host: host.clone(), over: self.over.clone(), is_empty: false };
        let builder = || {
            let listens = SimStore { is_empty: self.world.has(Plant::EmptyReads), ..store.clone() };
            App::builder(listens)
                .change_feed(SimFeed(host.clone()))
                .projection(Statements(self.world.clone()), SimViews::new(host))
                .projection(Total(self.world.clone()), SimViews::new(host))
                .codec(plan.codec)
                .cached_aggregates(plan.cached)
        };
        // A feed that is complete is trusted.
        let views = match plan.complete {
            true => builder().start().await.ok()?,
            false => builder().verify_every(plan.verify_every).start().await.ok()?,
        };
        let commands = match self.world.has(Plant::EmptyReads) {
            true => App::builder(store).start().await.ok()?,
            false => views.clone(),
        };
        Some(Live { host: host.clone(), commands, views, seen: Default::default() })
    }

    /// Up to where each account was acknowledged.
    pub fn acknowledged(&self) -> BTreeMap<u64, u64> {
        self.acknowledged.lock().unwrap().clone()
    }

    /// Writes down that somebody has seen this of an account in a view.
    pub fn show(&self, account: u64, last: u64) {
        let mut shown = self.shown.lock().unwrap();
        let before = shown.entry(account).or_default();
        *before = last.max(*before);
    }

    /// Writes down that somebody wants something, and gives it a number.
    pub fn want(&self, account: u64, ask: Ask) -> usize {
        let floor = self.acknowledged.lock().unwrap().get(&account).copied().unwrap_or_default();
        let mut operations = self.operations.lock().unwrap();
        let id = Uuid::from_u128(operations.len() as u128 + 1);
        operations.push(Operation { id, account, ask, floor, outcomes: Vec::new() });
        operations.len() - 1
    }

    pub fn operation(&self, number: usize) -> Operation {
        self.operations.lock().unwrap()[number].clone()
    }

    /// Sends an operation to a process, and waits for so long at most.
    pub async fn send(&self, live: &Live, number: usize, patience: Duration) -> Outcome {
        let Operation { mut id, account, ask, outcomes, .. } = self.operation(number);
        if self.world.has(Plant::AnotherId) && !outcomes.is_empty() {
            id = Uuid::from_u128(1_000_000 + self.world.draw(|dice| u128::from(dice.next())));
        }
        let told = self.acknowledged.lock().unwrap().get(&account).copied().unwrap_or_default();
        let floor = self.shown.lock().unwrap().get(&account).map_or(told, |shown| told.max(*shown));
        live.host.note("send", account, number as u64);
        let to = account.to_string();
        let execute = live.commands.execute(&to, ask.with_id(id));
        let outcome = match live.host.outlived(timeout(patience, execute)).await {
            None | Some(Err(_)) => Outcome::Unknown,
            Some(Ok(Ok(done))) => {
                if done.events != ask.events() || done.command_id != id {
                    self.world.broken(format!("operation {number} was answered with {done:?}"));
                }
                Outcome::Done { version: done.version, duplicate: done.duplicate }
            }
            Some(Ok(Err(error))) => self.failed(number, error),
        };
        let told = match outcome {
            Outcome::Done { version, .. } => version,
            Outcome::Refused(refused) => refused.events,
            Outcome::Failed | Outcome::Unknown => 0,
        };
        live.host.note(
            match outcome {
                Outcome::Done { .. } => "done",
                Outcome::Refused(_) => "refused",
                Outcome::Failed => "not done",
                Outcome::Unknown => "unknown",
            },
            number as u64,
            told,
        );
        if let Outcome::Refused(refused) = outcome
            && refused.events < floor
        {
            self.world.broken(format!(
                "a reply is true: operation {number} on account {account} was refused after {} events, when {floor} had been acknowledged or shown before it was sent",
                refused.events
            ));
        }
        let mut acknowledged = self.acknowledged.lock().unwrap();
        let last = acknowledged.entry(account).or_default();
        *last = told.max(*last);
        self.operations.lock().unwrap()[number].outcomes.push(outcome);
        outcome
    }

    fn failed(&self, number: usize, error: ExecuteError<Refused>) -> Outcome {
        match error {
            ExecuteError::Rejected(refused) => Outcome::Refused(refused),
            ExecuteError::OutcomeUnknown { .. } => Outcome::Unknown,
            ExecuteError::Append(_) | ExecuteError::Contended { .. } | ExecuteError::Stopped => {
                Outcome::Failed
            }
            ExecuteError::Load(error) if matches!(*error, LoadError::Read(_)) => Outcome::Failed,
            error => {
                self.world.broken(format!("operation {number} failed: {error}"));
                Outcome::Failed
            }
        }
    }

    /// A deposit of its own kind, or a half of a transfer.
    pub fn ask(&self, want: Want, amount: u64, transfer: u64) -> Ask {
        let (parts, yields) = self.world.draw(|dice| (dice.between(1, 3.min(amount)), dice.below(2)));
        Ask { want, amount, transfer, parts, yields }
    }
}
