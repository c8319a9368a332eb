//! Two processes of one file, with sixteen tasks each that send commands to one aggregate.
//!
//! The test's own binary is started twice more; a variable says that it is one of the two.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Write},
    path::{Path, PathBuf},
    process::{Child, ChildStdout, Command, Stdio},
    sync::{Arc, Mutex},
};

use event_sourcing::{handler::ConflictPolicy, prelude::*};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// Who a process is, and its folder; set in the two alone.
const RACER: &str = "EVENT_SOURCING_TEST_RACER";
const FOLDER: &str = "EVENT_SOURCING_TEST_FOLDER";
const NAME: &str = "race::sixteen_tasks_in_each_of_two_processes_race_on_one_aggregate";
const TASKS: usize = 16;
/// A process goes on until it has done so many commands and has seen so many of the other's: so they overlap.
const EACH: u64 = 200;

#[derive(Event, Serialize, Deserialize)]
#[event("turnstile.passed")]
struct Passed {
    racer: u8,
}

#[derive(Aggregate, Default)]
#[aggregate("turnstile", id = String, events(Passed))]
struct Turnstile {
    passed: [u64; 2],
}
impl Apply<Passed> for Turnstile {
    fn apply(&mut self, e: &Passed) {
        self.passed[usize::from(e.racer)] += 1;
    }
}

struct Pass {
    racer: u8,
}
#[command_handler]
fn pass(_: &Turnstile, cmd: &Pass) -> Result<Passed, std::convert::Infallible> {
    Ok(Passed { racer: cmd.racer })
}

async fn app(folder: &Path) -> App {
    let store = SqliteEventStore::open(folder.join("race.db")).await.unwrap();
    // Gives up soon, so that the test meets that too.
    let conflicts = ConflictPolicy { attempts: 2, ..Default::default() };
    App::builder(store).conflicts(conflicts).start().await.unwrap()
}

fn turnstile() -> String {
    "south".to_owned()
}

/// One of the two processes: says that it is ready, waits for its input's end, and races.
async fn race(racer: u8, folder: PathBuf) {
    let app = app(&folder).await;
    println!("\n{READY}");
    std::io::stdin().read_to_end(&mut Vec::new()).unwrap();
    let acknowledged = Arc::new(Mutex::new(File::create(acknowledged(&folder, racer)).unwrap()));
    let tasks = (0..TASKS).map(|_| tokio::spawn(send(app.clone(), racer, acknowledged.clone())));
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
}

const READY: &str = "ready to race";

fn acknowledged(folder: &Path, racer: u8) -> PathBuf {
    folder.join(format!("acknowledged-{racer}"))
}

/// Sends commands until both processes have done enough, and notes each that is acknowledged.
async fn send(app: App, racer: u8, acknowledged: Arc<Mutex<File>>) {
    loop {
        let id = Uuid::now_v7();
        loop {
            match app.execute(&turnstile(), Pass { racer }.with_id(id)).await {
                Ok(done) => {
                    assert_eq!((done.command_id, done.events.len()), (id, 1));
                    break;
                }
                Err(ExecuteError::Contended { .. } | ExecuteError::OutcomeUnknown { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        writeln!(acknowledged.lock().unwrap(), "{id}").unwrap();
        if app.load::<Turnstile>(&turnstile()).await.unwrap().state.passed.iter().all(|count| *count >= EACH)
        {
            return;
        }
    }
}

/// Starts this very test as one of the two, and waits until it is ready.
fn start(racer: u8, folder: &Path) -> (Child, BufReader<ChildStdout>) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args([NAME, "--exact", "--nocapture"])
        .env(RACER, racer.to_string())
        .env(FOLDER, folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let ready = output.by_ref().lines().any(|line| line.unwrap() == READY);
    assert!(ready, "racer {racer} ended before it was ready: {:?}", child.wait());
    (child, output)
}

/// Every acknowledged command is in the stream exactly once, nothing else is, and no sequence is missing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_tasks_in_each_of_two_processes_race_on_one_aggregate() {
    if let (Ok(racer), Some(folder)) = (std::env::var(RACER), std::env::var_os(FOLDER)) {
        return race(racer.parse().unwrap(), folder.into()).await;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut racers = [0, 1].map(|racer| start(racer, folder.path()));
    // The end of their input lets both go.
    racers.iter_mut().for_each(|(child, _)| drop(child.stdin.take()));
    for (child, mut output) in racers {
        let mut rest = String::new();
        output.read_to_string(&mut rest).unwrap();
        let ended = child.wait_with_output().unwrap();
        assert!(ended.status.success(), "{rest}");
    }

    let mut acknowledged: Vec<Uuid> = Vec::new();
    for racer in [0, 1] {
        let text = std::fs::read_to_string(self::acknowledged(folder.path(), racer)).unwrap();
        acknowledged.extend(text.lines().map(|id| id.parse::<Uuid>().unwrap()));
    }
    let app = app(folder.path()).await;
    let (mut stored, mut passed, mut from) = (Vec::new(), [0; 2], Some(1));
    while let Some(sequence) = from {
        let history = app.history::<Turnstile>(&turnstile(), sequence, 100).await.unwrap();
        for recorded in &history.events {
            stored.push(recorded.metadata.command_id);
            assert_eq!(recorded.metadata.sequence, stored.len() as u64, "no gap");
            let TurnstileEvent::Passed(Passed { racer }) = &recorded.event;
            passed[usize::from(*racer)] += 1;
        }
        from = history.next;
    }
    assert!(passed.iter().all(|count| *count >= EACH), "{passed:?}");
    stored.sort();
    acknowledged.sort();
    assert_eq!(stored, acknowledged);
}
