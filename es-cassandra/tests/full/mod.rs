//! A node whose space for captured changes is full, because nobody takes them away: it refuses writes, and stores some
//! of those all the same.
//!
//! On the stack that `cargo xtask stack up --cdc-mib 24` starts. `ES_CDC_RAW` is the folder of the changes.

use std::{fs, path::PathBuf, sync::Arc, time::Duration};

use es_core::store::EventStore;
use scylla::client::session::Session;

use crate::{
    cluster::{Keyspace, session},
    commits::{commit, read_all, stream},
    faults::{
        until,
        workload::{Workload, app},
    },
};

const TASKS: u64 = 12;
const COMMANDS: u64 = 2;

/// More than all the space, in steps of this many bytes.
const STEP: usize = 400_000;
const STEPS: usize = 1000;

/// A table whose changes take space.
struct Filler {
    session: Session,
    insert: String,
}

impl Filler {
    async fn new(keyspace: &Keyspace) -> Self {
        let (session, table) = (session().await, format!("{}.filler", keyspace.name()));
        let create = format!("CREATE TABLE {table} (key int PRIMARY KEY, value blob) WITH cdc = true");
        session.query_unpaged(create, ()).await.unwrap();
        Self { session, insert: format!("INSERT INTO {table} (key, value) VALUES (0, ?)") }
    }

    async fn is_taken(&self) -> bool {
        self.session.query_unpaged(self.insert.as_str(), (vec![7u8; STEP],)).await.is_ok()
    }
}

/// What an agent does that has read all changes.
fn take_changes_away() {
    let folder =
        PathBuf::from(std::env::var_os("ES_CDC_RAW").expect("ES_CDC_RAW names the folder of changes"));
    for file in fs::read_dir(folder).unwrap() {
        // The server may be faster.
        let _ = fs::remove_file(file.unwrap().path());
    }
}

/// While there is no space: what the store answers is true, and reads go on. Once there is, everything does.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_answered_is_true() {
    let keyspace = Keyspace::fresh("full");
    let short = Duration::from_secs(1);
    let store = keyspace.store().category("ledger").bucket_size(16);
    let store = store.request_timeout(short).settle_within(short * 2).connect().await.unwrap();
    let apps = [app(&store).await, app(&store).await];
    let before = stream("before");
    store.append(commit(&es_core::store::Version::EMPTY, &before, 1)).await.unwrap();
    let filler = Filler::new(&keyspace).await;
    let mut steps = 0;
    while filler.is_taken().await {
        steps += 1;
        assert!(steps < STEPS, "it never was full");
    }

    let workload = Arc::new(Workload::default());
    let tasks = (0..TASKS).map(|task| {
        let (app, workload) = (apps[(task % 2) as usize].clone(), workload.clone());
        tokio::spawn(async move {
            for n in 0..COMMANDS {
                workload.send(&app, task, task * COMMANDS + n).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    println!("{} were acknowledged while it was full", workload.stored());
    assert_eq!(read_all(&store, &before).await.len(), 1);
    assert!(!filler.is_taken().await, "there was space again");

    until(async || {
        take_changes_away();
        filler.is_taken().await
    })
    .await;
    workload.settle(&apps).await;
    Arc::into_inner(workload).unwrap().verify(&store).await;
}
