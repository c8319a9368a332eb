//! Many commands at once, and faults at random.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, Mutex},
    time::Duration,
};

use es_cassandra::CassandraEventStore;
use es_core::{
    app::App,
    command::CommandExt,
    event::EventSet,
    handler::{ConflictPolicy, ExecuteError},
};
use uuid::Uuid;

use super::{
    Both,
    proxy::{Fate, Kind, Refusal, Request},
};
use crate::{
    commits::{read_all, stream},
    ledger::{Fact, add},
};

/// Two processes' worth of Apps, with so many tasks each.
const TASKS: u64 = 10;
const COMMANDS: u64 = 25;
const HOT: u64 = 3;

/// A small generator, so that a seed says what was drawn.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Writes fail often; reads sometimes, and never by what only writes can suffer.
    fn fate(&mut self, request: Request) -> Fate {
        let is_write = matches!(request.kind, Kind::Insert | Kind::Place);
        if self.below(100) >= if is_write { 35 } else { 5 } {
            return Fate::Pass;
        }
        let refusal = Refusal::ALL[self.below(Refusal::ALL.len() as u64) as usize];
        match self.below(12) {
            0 => Fate::CutBefore,
            1 => Fate::CutSent,
            2 => Fate::CutAnswered,
            3 => Fate::Lose,
            4 => Fate::Mute,
            5 => Fate::Late(Duration::from_millis(self.below(800))),
            6 | 7 if is_write => Fate::Hold,
            8 | 9 => Fate::Refuse(refusal),
            _ => Fate::RefuseUnseen(refusal),
        }
    }
}

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    /// Stored, and this is its place.
    Stored(u64),
    /// Certainly not stored.
    NotStored,
    /// Sent again, as its error says, and its outcome is unknown still.
    Unknown,
}

/// Sends a command until its outcome is known, at most so many times.
async fn send(app: &App, id: &String, command: Uuid, n: u64, tries: u32) -> Outcome {
    let mut outcome = Outcome::NotStored;
    for _ in 0..tries {
        match app.execute(id, add(n).with_id(command)).await {
            Ok(done) => {
                assert_eq!((done.command_id, &done.events[..]), (command, &[Fact::Added(n)][..]));
                return Outcome::Stored(done.version);
            }
            Err(ExecuteError::OutcomeUnknown { command_id, .. }) => {
                assert_eq!(command_id, command);
                outcome = Outcome::Unknown;
            }
            Err(ExecuteError::Contended { .. } | ExecuteError::Load(_) | ExecuteError::Append(_)) => {
                // That says nothing of the tries before. Some give up at once, where it says everything.
                if outcome == Outcome::NotStored && n % 3 == 0 {
                    return outcome;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    outcome
}

async fn app(store: &CassandraEventStore) -> App {
    let conflicts = ConflictPolicy { attempts: 4, ..ConflictPolicy::default() };
    App::builder(store.clone()).conflicts(conflicts).start().await.unwrap()
}

/// Every command ends as stored once, as certainly not stored, or as unknown until it is sent again; nothing that
/// was acknowledged is missing, and nothing is stored twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_is_true() {
    let seed = std::env::var("ES_FAULTS_SEED").map_or_else(|_| fresh_seed(), |seed| seed.parse().unwrap());
    println!("ES_FAULTS_SEED={seed}");
    let both = Both::new("load", Duration::from_millis(1500)).await;
    let other = both.proxy.store(&both.keyspace).category("ledger");
    let other = other.request_timeout(Duration::from_millis(400)).settle_within(Duration::from_millis(1500));
    let apps = [app(&both.store).await, app(&other.connect().await.unwrap()).await];
    let mut random = Random(seed);
    both.proxy.plan(move |request| random.fate(request));

    let outcomes = Arc::new(Mutex::new(BTreeMap::new()));
    let mut tasks = Vec::new();
    for task in 0..TASKS * 2 {
        let (app, outcomes) = (apps[(task % 2) as usize].clone(), outcomes.clone());
        tasks.push(tokio::spawn(async move {
            for n in 0..COMMANDS {
                // Most go where everybody writes, some where nobody else does.
                let id =
                    if n % 4 == 3 { format!("cold {task}") } else { format!("hot {}", (task + n) % HOT) };
                let (command, n) = (Uuid::now_v7(), task * COMMANDS + n);
                let outcome = send(&app, &id, command, n, 6).await;
                outcomes.lock().unwrap().insert((id, n), (command, outcome));
            }
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
    both.proxy.calm();
    both.proxy.release().await;

    // What is unknown is sent again, by whichever process, until it is done.
    let mut outcomes = Arc::into_inner(outcomes).unwrap().into_inner().unwrap();
    let count = |outcomes: &BTreeMap<_, (Uuid, Outcome)>, of: fn(&Outcome) -> bool| {
        outcomes.values().filter(|(_, outcome)| of(outcome)).count()
    };
    println!(
        "{} stored, {} not, {} unknown",
        count(&outcomes, |outcome| matches!(outcome, Outcome::Stored(_))),
        count(&outcomes, |outcome| *outcome == Outcome::NotStored),
        count(&outcomes, |outcome| *outcome == Outcome::Unknown),
    );
    for (at, ((id, n), (command, outcome))) in outcomes.iter_mut().enumerate() {
        while *outcome == Outcome::Unknown {
            let Outcome::Stored(version) = send(&apps[at % 2], id, *command, *n, 100).await else { continue };
            *outcome = Outcome::Stored(version);
        }
    }

    let mut due: BTreeMap<&str, BTreeSet<(u64, u64, Uuid)>> = BTreeMap::new();
    let mut refused = BTreeSet::new();
    for ((id, n), (command, outcome)) in &outcomes {
        let due = due.entry(id).or_default();
        match outcome {
            Outcome::Stored(version) => assert!(due.insert((*version, *n, *command))),
            _ => assert!(refused.insert(*command)),
        }
    }
    for (id, due) in due {
        let mut found = BTreeSet::new();
        for commit in read_all(&both.direct, &stream(id)).await {
            let events = commit.raw_events().unwrap();
            for (at, (command, event)) in commit.commands().unwrap().iter().zip(events).enumerate() {
                let event = Fact::decode(event.name, event.version, commit.codec, event.payload).unwrap();
                let Fact::Added(n) = event else { panic!("{event:?}") };
                assert!(!refused.contains(&command.id), "{id}: {n} was said not to be stored");
                assert!(found.insert((commit.sequence + at as u64, n, command.id)));
            }
        }
        assert_eq!(found, due, "{id}");
    }
}

fn fresh_seed() -> u64 {
    Uuid::now_v7().as_u64_pair().1
}
