//! Commands whose outcomes are noted, and held against the store in the end.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{
        Mutex,
        atomic::{AtomicU64, Ordering},
    },
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

use super::until;
use crate::{
    commits::{read_all, stream},
    ledger::{Fact, add},
};

/// Aggregates that everybody writes to.
const HOT: u64 = 3;

/// What became of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Stored, and this is its place.
    Stored(u64),
    /// Certainly not stored.
    NotStored,
    /// Sent again, as its error says, and its outcome is unknown still.
    Unknown,
}

/// An App that gives up on a contended aggregate rather soon.
pub async fn app(store: &CassandraEventStore) -> App {
    let conflicts = ConflictPolicy { attempts: 4, ..ConflictPolicy::default() };
    App::builder(store.clone()).conflicts(conflicts).start().await.unwrap()
}

/// Of each command, by aggregate and entry.
#[derive(Default)]
pub struct Workload {
    outcomes: Mutex<BTreeMap<(String, u64), (Uuid, Outcome)>>,
    stored: AtomicU64,
}

impl Workload {
    /// How many commands were acknowledged so far.
    pub fn stored(&self) -> u64 {
        self.stored.load(Ordering::Relaxed)
    }

    /// Sends one command, which adds `entry`: mostly to where all tasks write, sometimes to where only this does.
    pub async fn send(&self, app: &App, task: u64, entry: u64) {
        let id = if entry % 4 == 3 { format!("cold {task}") } else { format!("hot {}", entry % HOT) };
        let command = Uuid::now_v7();
        let outcome = send(app, &id, command, entry, 6).await;
        if let Outcome::Stored(_) = outcome {
            self.stored.fetch_add(1, Ordering::Relaxed);
        }
        let known = self.outcomes.lock().unwrap().insert((id, entry), (command, outcome));
        assert!(known.is_none(), "an entry of its own for each command");
    }

    /// Now that nothing fails any more: sends again what is unknown, until it is done, by whichever process.
    pub async fn settle(&self, apps: &[App]) {
        let unknown: Vec<_> = {
            let outcomes = self.outcomes.lock().unwrap();
            let of = |which: fn(&Outcome) -> bool| outcomes.values().filter(|(_, o)| which(o)).count();
            let (stored, not) =
                (of(|o| matches!(o, Outcome::Stored(_))), of(|o| matches!(o, Outcome::NotStored)));
            println!("{stored} stored, {not} not, {} unknown", outcomes.len() - stored - not);
            let unknown = outcomes.iter().filter(|(_, (_, outcome))| *outcome == Outcome::Unknown);
            unknown.map(|((id, entry), (command, _))| (id.clone(), *entry, *command)).collect()
        };
        for ((id, entry, command), app) in unknown.into_iter().zip(apps.iter().cycle()) {
            let mut stored = None;
            until(async || {
                // Whatever this try says, it says nothing of those before, unless it is done.
                stored = Some(send(app, &id, command, entry, 1).await);
                matches!(stored, Some(Outcome::Stored(_)))
            })
            .await;
            self.outcomes.lock().unwrap().insert((id, entry), (command, stored.unwrap()));
        }
    }

    /// What was acknowledged is there, at its place, once; what was said not to be stored is not, and nothing else.
    pub async fn verify(self, store: &CassandraEventStore) {
        let mut due: BTreeMap<String, BTreeSet<(u64, u64, Uuid)>> = BTreeMap::new();
        let mut refused = BTreeSet::new();
        for ((id, entry), (command, outcome)) in self.outcomes.into_inner().unwrap() {
            let due = due.entry(id).or_default();
            match outcome {
                Outcome::Stored(place) => assert!(due.insert((place, entry, command))),
                Outcome::NotStored => assert!(refused.insert(command)),
                Outcome::Unknown => panic!("{entry} is unknown still"),
            }
        }
        for (id, due) in due {
            let mut found = BTreeSet::new();
            for commit in read_all(store, &stream(&id)).await {
                let events = commit.raw_events().unwrap();
                for ((command, event), place) in
                    commit.commands().unwrap().iter().zip(events).zip(commit.sequence..)
                {
                    let event = Fact::decode(event.name, event.version, commit.codec, event.payload).unwrap();
                    let Fact::Added(entry) = event else { panic!("{event:?}") };
                    assert!(!refused.contains(&command.id), "{id}: {entry} was said not to be stored");
                    assert!(found.insert((place, entry, command.id)));
                }
            }
            assert_eq!(found, due, "{id}");
        }
    }
}

/// Sends a command until its outcome is known, at most so many times.
async fn send(app: &App, id: &String, command: Uuid, entry: u64, tries: u32) -> Outcome {
    let mut outcome = Outcome::NotStored;
    for _ in 0..tries {
        match app.execute(id, add(entry).with_id(command)).await {
            Ok(done) => {
                assert_eq!((done.command_id, &done.events[..]), (command, &[Fact::Added(entry)][..]));
                return Outcome::Stored(done.version);
            }
            Err(ExecuteError::OutcomeUnknown { command_id, .. }) => {
                assert_eq!(command_id, command);
                outcome = Outcome::Unknown;
            }
            Err(ExecuteError::Contended { .. } | ExecuteError::Load(_) | ExecuteError::Append(_)) => {
                // That says nothing of the tries before. Some give up at once, where it says everything.
                if outcome == Outcome::NotStored && entry.is_multiple_of(3) {
                    return outcome;
                }
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            Err(error) => panic!("{error}"),
        }
    }
    outcome
}
