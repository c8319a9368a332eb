//! Many commands at once, and faults at random.

use std::{sync::Arc, time::Duration};

use super::{
    Both,
    random::Random,
    workload::{Workload, app},
};

/// Two processes' worth of Apps, with so many tasks each.
const TASKS: u64 = 10;
const COMMANDS: u64 = 25;

/// Every command ends as stored once, as certainly not stored, or as unknown until it is sent again; nothing that
/// was acknowledged is missing, and nothing is stored twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_is_true() {
    let short = Duration::from_millis(1500);
    let both = Both::new("load", short).await;
    let other =
        both.proxy.store(&both.keyspace).category("ledger").request_timeout(short).settle_within(short);
    let apps = [app(&both.store).await, app(&other.connect().await.unwrap()).await];
    let mut random = Random::seeded();
    both.proxy.plan(move |request| random.fate(request));

    let workload = Arc::new(Workload::default());
    let tasks = (0..TASKS * 2).map(|task| {
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
    both.proxy.calm();
    let late = both.proxy.release().await;
    println!("{late} requests arrive now");
    workload.settle(&apps).await;
    Arc::into_inner(workload).unwrap().verify(&both.direct).await;
}
