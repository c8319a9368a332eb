//! Commands that wait for each other, and commands that do not.

use std::{
    hint::black_box,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use event_sourcing::{
    prelude::*,
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Page, ReadError, StreamId, Version},
};

use super::{Case, Scale, all, check, long, on_all_threads, on_one_thread};
use crate::{
    Error,
    bank::Deposit,
    meter::{Meter, Sample},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("app/grouped", "App::execute, 64 tasks on one aggregate", long::BASE, grouped)
            .remark("one thread; the store lets others run once an append"),
        Case::new("app/spread", "App::execute, 16 tasks on 1,000 aggregates", long::BASE, spread)
            .remark("all threads"),
    ]
}

const PIPELINE: u64 = 64;

/// Each of 64 tasks sends its next command once the last one is done. While one commit is on its way to the
/// store, the other tasks' commands gather for the next.
fn grouped(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_one_thread(async {
        let store = Yielding::default();
        let commits = store.commits.clone();
        let app = App::builder(store).start().await?;
        let id = "account-000001".to_owned();
        app.execute(&id, Deposit::sample()).await?;
        let before = commits.load(Ordering::Relaxed);
        let running = meter.start();
        let tasks = (0..PIPELINE).map(|_| {
            let (app, id, commands) = (app.clone(), id.clone(), scale.grouped);
            tokio::spawn(async move {
                for _ in 0..commands {
                    black_box(app.execute(&id, black_box(Deposit::sample())).await?);
                }
                Ok(())
            })
        });
        all(tasks.collect()).await?;
        let commands = PIPELINE * scale.grouped;
        let commits = commits.load(Ordering::Relaxed) - before;
        let sample = Sample { commits: Some(commits), ..running.stop(commands) };
        check(&app, &id, 1 + commands).await?;
        Ok(sample)
    })
}

const TASKS: u64 = 16;
const AGGREGATES: u64 = 1_000;

/// Sixteen tasks walk over a thousand cached aggregates, each beginning elsewhere.
fn spread(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let each = scale.spread;
    on_all_threads(async move {
        let app = App::builder(MemoryEventStore::new()).start().await?;
        let ids: Arc<[String]> = (0..AGGREGATES).map(|n| format!("account-{n:06}")).collect();
        for id in &*ids {
            app.execute(id, Deposit::sample()).await?;
        }
        let at = |task: u64, n: u64| ((task * AGGREGATES / TASKS + n) % AGGREGATES) as usize;
        let running = meter.start();
        let tasks = (0..TASKS).map(|task| {
            let (app, ids) = (app.clone(), ids.clone());
            tokio::spawn(async move {
                for n in 0..each {
                    black_box(app.execute(&ids[at(task, n)], black_box(Deposit::sample())).await?);
                }
                Ok(())
            })
        });
        all(tasks.collect()).await?;
        let sample = running.stop(TASKS * each);
        let mut deposits = vec![1; ids.len()];
        (0..TASKS).for_each(|task| (0..each).for_each(|n| deposits[at(task, n)] += 1));
        for (id, deposits) in ids.iter().zip(deposits) {
            check(&app, id, deposits).await?;
        }
        Ok(sample)
    })
}

/// A store in memory that lets other tasks run before each append, as one that waits for a disk does.
#[derive(Default)]
struct Yielding {
    store: MemoryEventStore,
    commits: Arc<AtomicU64>,
}

impl EventStore for Yielding {
    type Feed = MemoryEventStore;

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        tokio::task::yield_now().await;
        self.commits.fetch_add(1, Ordering::Relaxed);
        self.store.append(commit).await
    }

    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.store.read(stream, from, limit).await
    }

    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.store.head(stream).await
    }

    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.store.heads(category, after, limit).await
    }

    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.store.save_snapshot(snapshot).await
    }

    async fn load_snapshot(
        &self,
        stream: &StreamId,
        fingerprint: u64,
    ) -> Result<Option<Snapshot>, ReadError> {
        self.store.load_snapshot(stream, fingerprint).await
    }

    fn feed(&self) -> Option<MemoryEventStore> {
        self.store.feed()
    }
}
