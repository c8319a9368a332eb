//! Two processes' worth of Apps, each with a session, a cache and 32 tasks of its own, on a few aggregates.

use std::{
    sync::{Arc, Mutex},
    time::Instant,
};

use es_core::{
    app::App,
    command::CommandExt,
    handler::{ConflictPolicy, ExecuteError},
};
use uuid::Uuid;

use super::check::{Op, Outcome, check, fingerprint};
use crate::{
    cluster::Keyspace,
    ledger::{Do, Ledger, Refused, add},
};

const TASKS: u64 = 32;
const COMMANDS: u64 = 16;
const AGGREGATES: u64 = 8;

type Histories = Arc<Mutex<Vec<Vec<Op>>>>;

/// Most write, some are refused, and some change nothing.
async fn send(app: App, task: u64, begin: Instant, histories: Histories) {
    let now = || begin.elapsed().as_nanos() as u64;
    for n in 0..COMMANDS {
        let aggregate = (task + n * 3) % AGGREGATES;
        let (id, entry) = (aggregate.to_string(), task * COMMANDS + n);
        let call = now();
        let outcome = match entry % 5 {
            0 => match app.execute(&id, Do::<0, 0>::Look).await {
                Err(ExecuteError::Rejected(Refused(seen))) => {
                    Some(Outcome::Saw { length: seen.len() as u64, fingerprint: Some(fingerprint(&seen)) })
                }
                Err(ExecuteError::Load(_)) => None,
                other => panic!("{other:?}"),
            },
            1 => match app.execute(&id, Do::<0, 0>::Nothing).await {
                Ok(done) => Some(Outcome::Saw { length: done.version, fingerprint: None }),
                Err(ExecuteError::Load(_)) => None,
                other => panic!("{other:?}"),
            },
            _ => Some(write(&app, &id, entry).await),
        };
        let reply = now();
        if let Some(outcome) = outcome {
            let reply = (!matches!(outcome, Outcome::Unknown { .. })).then_some(reply);
            histories.lock().unwrap()[aggregate as usize].push(Op { call, reply, outcome });
        }
    }
}

async fn write(app: &App, id: &String, entry: u64) -> Outcome {
    let command = Uuid::now_v7();
    let mut outcome = Outcome::NotAdded { entry };
    for _ in 0..5 {
        match app.execute(id, add(entry).with_id(command)).await {
            Ok(done) => return Outcome::Added { entry, place: done.version },
            Err(ExecuteError::OutcomeUnknown { .. }) => outcome = Outcome::Unknown { entry },
            Err(ExecuteError::Contended { .. } | ExecuteError::Load(_) | ExecuteError::Append(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    outcome
}

async fn app(keyspace: &Keyspace) -> App {
    let store = keyspace.store().category("ledger").bucket_size(16).connect().await.unwrap();
    let conflicts = ConflictPolicy { attempts: 6, ..ConflictPolicy::default() };
    App::builder(store).conflicts(conflicts).start().await.unwrap()
}

/// Lets both send commands, then calls `ended`, and checks what each aggregate's senders were told. Every acknowledged
/// command is there exactly once, in the order of time, and every reply that wrote nothing was decided on a state
/// that was current at some moment between its command and itself.
///
/// `judge` is a third process, which has nothing in memory.
pub async fn assert_linearizable(apps: [App; 2], judge: App, ended: impl AsyncFnOnce()) {
    let histories: Histories = Arc::new(Mutex::new(vec![Vec::new(); AGGREGATES as usize]));
    let begin = Instant::now();
    let tasks = (0..TASKS * 2)
        .map(|task| tokio::spawn(send(apps[(task % 2) as usize].clone(), task, begin, histories.clone())));
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    ended().await;
    let histories = std::mem::take(&mut *histories.lock().unwrap());
    let mut added = 0;
    for (aggregate, ops) in histories.iter().enumerate() {
        let list = judge.load::<Ledger>(&aggregate.to_string()).await.unwrap().state.entries;
        added += list.len();
        check(&list, ops)
            .unwrap_or_else(|breach| panic!("aggregate {aggregate}: {breach:?} in {list:?}: {ops:?}"));
    }
    assert!(added > 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_processes_do_at_once_is_linearizable() {
    let keyspace = Keyspace::fresh("history");
    let apps = [app(&keyspace).await, app(&keyspace).await];
    assert_linearizable(apps, app(&keyspace).await, async || ()).await;
}
