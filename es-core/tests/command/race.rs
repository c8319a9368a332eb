//! Many tasks on many threads, and two processes.

use super::*;
use std::collections::HashSet;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn two_processes_and_many_tasks_on_one_aggregate() {
    let store = FaultyStore::new();
    let apps = [app(&store).await, app(&store.another()).await];
    store.yielding(1);
    let mut tasks = Vec::new();
    for task in 0..16u64 {
        let app = apps[task as usize % 2].clone();
        tasks.push(tokio::spawn(async move {
            let mut done = Vec::new();
            for n in 0..60 {
                let n = task * 1000 + n;
                let command = add(n).with_id(uuid(u128::from(n) + 1));
                done.push((ask(&app, command).await.unwrap().version, n));
                // What a refusal tells includes what was acknowledged before.
                let seen = ask(&app, look()).await.unwrap_err().to_string();
                assert!(seen.contains(&n.to_string()), "{n} is not in {seen}");
            }
            done
        }));
    }
    let mut acknowledged = Vec::new();
    for task in tasks {
        acknowledged.extend(task.await.unwrap());
    }
    acknowledged.sort_unstable();
    let entries = stored(&store, "a").await;
    assert_eq!(acknowledged, (1..).zip(entries).collect::<Vec<_>>());
    assert_eq!(acknowledged.len(), 960);
}

/// A queue of one element that many compete for: lost wake-ups show as a hang, lost turns too.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn tasks_that_leave_at_random_moments() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.yielding(1);
    let mut tasks = Vec::new();
    for task in 0..8u64 {
        let app = app.clone();
        tasks.push(tokio::spawn(async move {
            let mut kept = Vec::new();
            for n in 0..200 {
                let n = task * 1000 + n;
                let id = (n % 2).to_string();
                let mut command = Box::pin(app.execute(&id, add(n)));
                if n % 3 > 0 {
                    command.await.unwrap();
                    kept.push(n);
                } else if poll_immediate(&mut command).await.is_none() {
                    tokio::task::yield_now().await;
                }
            }
            kept
        }));
    }
    let mut kept = Vec::new();
    for task in tasks {
        kept.extend(task.await.unwrap());
    }
    let entries = [stored(&store, "0").await, stored(&store, "1").await].concat();
    for n in kept {
        assert_eq!(entries.iter().filter(|entry| **entry == n).count(), 1);
    }
    assert_eq!(entries.iter().collect::<HashSet<_>>().len(), entries.len());
}
