//! What a ring of three nodes survives: of `cargo xtask stack up --nodes 3`, whose folder `ES_STACK` names.
//!
//! They stop nodes under the feet of all others, so they run by themselves, one after the other:
//! `cargo test -p es-cassandra --test main -- --ignored --test-threads 1 faults::ring`.

mod node;

use std::{
    sync::{
        Arc, OnceLock,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use es_core::store::{EventStore, Version};

use super::{
    Both, PATIENCE,
    proxy::{Fate, Kind},
    until,
    workload::{Workload, app},
};
use crate::{
    cluster::Keyspace,
    commits::{commit, read_all, stream},
};
use node::Node;

/// The node that leads a partition's transactions gets every request and never answers, with its connections
/// open: the others are asked what became of the insert.
#[tokio::test]
#[ignore = "needs three nodes, see faults/ring/mod.rs"]
async fn another_node_settles_what_the_leader_does_not_answer() {
    let both = Both::new("leaderless", PATIENCE).await;
    for reaches_it in [true, false] {
        for n in 0..5 {
            let leader = Arc::new(OnceLock::new());
            let stream = stream(&format!("{reaches_it} {n}"));
            let commit = commit(&Version::EMPTY, &stream, 1);
            both.proxy.plan(move |request| match request.kind {
                Kind::Insert | Kind::Place if *leader.get_or_init(|| request.node) == request.node => {
                    if reaches_it {
                        Fate::Mute
                    } else {
                        Fate::Lose
                    }
                }
                _ => Fate::Pass,
            });
            both.store.append(commit.clone()).await.unwrap();
            assert_eq!(read_all(&both.direct, &stream).await, [commit]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs three nodes, see faults/ring/mod.rs"]
async fn killed_nodes_lose_nothing() {
    under_load("killed", async |node, go_on| {
        node.kill();
        go_on().await;
        node.restart().await;
        go_on().await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs three nodes, see faults/ring/mod.rs"]
async fn nodes_that_hang_lose_nothing() {
    under_load("hung", async |node, go_on| {
        node.hang();
        go_on().await;
        node.wake();
        go_on().await;
    })
    .await;
}

/// Does something to each node in turn while two processes' worth of Apps send commands, which go on being
/// acknowledged. Every outcome is true.
async fn under_load(name: &str, each: impl AsyncFn(&Node, &dyn Fn() -> Boxed)) {
    const TASKS: u64 = 8;
    let keyspace = Keyspace::fresh(name);
    let mut apps = Vec::new();
    for _ in 0..2 {
        let store = crate::cluster::store(keyspace.name()).category("ledger").bucket_size(64);
        apps.push(app(&store.connect().await.unwrap()).await);
    }
    let workload = Arc::new(Workload::default());
    let (over, entries) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicU64::new(0)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let (app, workload) = (apps[(task % 2) as usize].clone(), workload.clone());
            let (over, entries) = (over.clone(), entries.clone());
            tokio::spawn(async move {
                while !over.load(Ordering::Relaxed) {
                    workload.send(&app, task, entries.fetch_add(1, Ordering::Relaxed)).await;
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            })
        })
        .collect();
    let go_on = || -> Boxed {
        let workload = workload.clone();
        Box::pin(async move {
            let enough = workload.stored() + 50;
            until(async || workload.stored() >= enough).await;
        })
    };
    go_on().await;
    for number in 1..=3 {
        let node = Node::of_the_stack(number);
        each(&node, &go_on).await;
    }
    over.store(true, Ordering::Relaxed);
    for task in tasks {
        task.await.unwrap();
    }
    workload.settle(&apps).await;
    let judge = keyspace.store().category("ledger").connect().await.unwrap();
    Arc::into_inner(workload).unwrap().verify(&judge).await;
}

type Boxed = std::pin::Pin<Box<dyn Future<Output = ()>>>;
