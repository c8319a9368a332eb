//! Two Apps, each with a session, a cache and 32 tasks of its own, on a few aggregates: in one process, and in two.
//!
//! For those the test's own binary is started twice more; a variable says that it is one of the two.

use std::{
    io::{BufRead, BufReader, Read},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use es_core::{
    app::App,
    command::CommandExt,
    handler::{ConflictPolicy, ExecuteError},
};
use uuid::Uuid;

use super::check::{Op, Outcome, check, fingerprint};
use crate::{
    cluster::{Keyspace, store},
    ledger::{Do, Ledger, Refused, add},
};

const TASKS: u64 = 32;
const COMMANDS: u64 = 16;
const AGGREGATES: u64 = 8;

/// Who a process is, and its keyspace; set in the two alone.
const PROCESS: &str = "EVENT_SOURCING_TEST_PROCESS";
const KEYSPACE: &str = "EVENT_SOURCING_TEST_KEYSPACE";
const NAME: &str = "history::processes::what_two_processes_do_at_once_is_linearizable";
const READY: &str = "ready to send";
const HISTORIES: &str = "histories: ";

/// Of each aggregate.
type Histories = Vec<Vec<Op>>;

/// By the one clock that two processes have.
fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_nanos() as u64
}

/// Most write, some are refused, and some change nothing.
async fn send(app: App, task: u64, histories: Arc<Mutex<Histories>>) {
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

async fn app(keyspace: &str) -> App {
    let minute = Duration::from_secs(60);
    let store = store(keyspace)
        .request_timeout(minute)
        .settle_within(minute)
        .category("ledger")
        .bucket_size(16)
        .connect()
        .await
        .unwrap();
    let conflicts = ConflictPolicy { attempts: 6, ..ConflictPolicy::default() };
    App::builder(store).conflicts(conflicts).start().await.unwrap()
}

/// Sends what all those tasks send, task `n` through App `n`, round and round.
async fn run(apps: &[App], tasks: impl Iterator<Item = u64>) -> Histories {
    let histories = Arc::new(Mutex::new(vec![Vec::new(); AGGREGATES as usize]));
    let of = |task: u64| apps[task as usize % apps.len()].clone();
    let tasks = tasks.map(|task| tokio::spawn(send(of(task), task, histories.clone())));
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    std::mem::take(&mut *histories.lock().unwrap())
}

/// Every acknowledged command is there exactly once, in the order of time, and every reply that wrote nothing was
/// decided on a state that was current at some moment between its command and itself.
async fn judge(judge: App, histories: Histories) {
    let mut added = 0;
    for (aggregate, ops) in histories.iter().enumerate() {
        let list = judge.load::<Ledger>(&aggregate.to_string()).await.unwrap().state.entries;
        added += list.len();
        check(&list, ops)
            .unwrap_or_else(|breach| panic!("aggregate {aggregate}: {breach:?} in {list:?}: {ops:?}"));
    }
    assert!(added > 0);
}

/// Lets both send commands, then calls `ended`, and checks what each aggregate's senders were told. `judge` is another
/// process, which has nothing in memory.
pub async fn assert_linearizable(apps: [App; 2], judge: App, ended: impl AsyncFnOnce()) {
    let histories = run(&apps, 0..TASKS * 2).await;
    ended().await;
    self::judge(judge, histories).await;
}

/// One of the two processes: says that it is ready, waits for its input's end, sends, and says what it was told.
async fn be(process: u64, keyspace: &str) {
    let app = app(keyspace).await;
    println!("\n{READY}");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let histories = run(&[app], process * TASKS..(process + 1) * TASKS).await;
    println!("\n{HISTORIES}{}", serde_json::to_string(&histories).unwrap());
}

/// Starts this very test as one of the two, and waits until it is ready.
fn start(process: u64, keyspace: &str) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(PROCESS, process.to_string())
        .env(KEYSPACE, keyspace)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let ready = output.by_ref().lines().any(|line| line.unwrap() == READY);
    assert!(ready, "process {process} ended before it was ready: {:?}", child.wait());
    (child, output)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_two_processes_do_at_once_is_linearizable() {
    if let (Ok(process), Ok(keyspace)) = (std::env::var(PROCESS), std::env::var(KEYSPACE)) {
        return be(process.parse().unwrap(), &keyspace).await;
    }
    let keyspace = Keyspace::fresh("history");
    let third = app(keyspace.name()).await;
    let mut processes = [0, 1].map(|process| start(process, keyspace.name()));
    // The end of their input lets both go.
    processes.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    let mut histories = vec![Vec::new(); AGGREGATES as usize];
    let mut times = Vec::new();
    for (child, mut output) in processes {
        let mut said = String::new();
        output.read_to_string(&mut said).unwrap();
        assert!(child.wait_with_output().unwrap().status.success(), "{said}");
        let line = said.lines().find_map(|line| line.strip_prefix(HISTORIES)).expect("what it was told");
        let its: Histories = serde_json::from_str(line).unwrap();
        let calls = || its.iter().flatten().map(|op| op.call);
        times.push((calls().min().unwrap(), calls().max().unwrap()));
        histories.iter_mut().zip(its).for_each(|(all, its)| all.extend(its));
    }
    assert!(times[0].0 < times[1].1 && times[1].0 < times[0].1, "one after the other: {times:?}");
    judge(third, histories).await;
}
