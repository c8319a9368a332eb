//! Commands over SQLite: a reply means that the disk has it.
//!
//! The floor is the store's own append, without commands: encode, frame, append.

use std::{
    hint::black_box,
    path::{Path, PathBuf},
    sync::Arc,
};

use event_sourcing::{
    event::FrameBuilder,
    prelude::*,
    store::{Commit, EventStore, StreamId, Version},
};
use tempfile::TempDir;
use uuid::Uuid;

use super::{Case, Scale, all, check, on_all_threads, same};
use crate::{
    Error,
    bank::{Account, AccountEvent, Deposit, Deposited},
    meter::{Meter, Sample},
};

const IN_FLIGHT: [u64; 3] = [1, 64, 1_024];

pub(super) fn cases(folder: Option<&Path>) -> Vec<Case> {
    let mut cases = Vec::new();
    for in_flight in IN_FLIGHT {
        let base = format!("sqlite/append/{in_flight}");
        let case = |key: String, label, run: fn(&Path, u64, &Scale, Meter) -> Result<Sample, Error>| {
            let folder = folder.map_or_else(std::env::temp_dir, Path::to_owned);
            Case::new(key, label, base.clone(), move |scale, meter| run(&folder, in_flight, scale, meter))
        };
        let label = format!("floor: SqliteEventStore::append, {in_flight} in flight");
        cases.push(case(base.clone(), label, append));
        let label = format!("App::execute, {in_flight} in flight");
        cases.push(case(format!("sqlite/execute/{in_flight}"), label, execute));
    }
    let most = IN_FLIGHT[IN_FLIGHT.len() - 1];
    let folder = folder.map_or_else(std::env::temp_dir, Path::to_owned);
    cases.push(Case::new(
        format!("sqlite/hot/{most}"),
        format!("App::execute, {most} in flight on one aggregate"),
        format!("sqlite/append/{most}"),
        move |scale, meter| hot(&folder, most, scale, meter),
    ));
    cases
}

/// A database that is gone when the case is done.
struct Database {
    folder: TempDir,
}

impl Database {
    fn within(folder: &Path) -> Result<Self, Error> {
        Ok(Self { folder: tempfile::tempdir_in(folder)? })
    }

    fn path(&self) -> PathBuf {
        self.folder.path().join("bench.db")
    }
}

impl Scale {
    /// Commands of each of those in flight. One alone waits for the disk each time, so it gets fewer.
    fn durable_each(&self, in_flight: u64) -> u64 {
        if in_flight == 1 { self.durable.div_ceil(40) } else { self.durable.div_ceil(in_flight).max(10) }
    }
}

fn ids(in_flight: u64) -> impl Iterator<Item = String> {
    (0..in_flight).map(|n| format!("account-{n:06}"))
}

fn execute(folder: &Path, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let ids: Vec<_> = ids(in_flight).collect();
    run(folder, &ids, scale, meter)
}

/// All on one aggregate: they share commits, not only transactions.
fn hot(folder: &Path, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let ids = vec!["account-000000".to_owned(); in_flight as usize];
    run(folder, &ids, scale, meter)
}

/// One task for each of `ids`, which sends its next command once the last one is durable.
fn run(folder: &Path, ids: &[String], scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let database = Database::within(folder)?;
    let each = scale.durable_each(ids.len() as u64);
    on_all_threads(async {
        let store = SqliteEventStore::open(database.path()).await?;
        let app = App::builder(store.clone()).start().await?;
        let send = |commands| {
            let tasks = ids.iter().map(|id| {
                let (app, id) = (app.clone(), id.clone());
                tokio::spawn(async move {
                    for _ in 0..commands {
                        black_box(app.execute(&id, black_box(Deposit::sample())).await?);
                    }
                    Ok(())
                })
            });
            all(tasks.collect())
        };
        send(1).await?;
        let running = meter.start();
        send(each).await?;
        let sample = running.stop(each * ids.len() as u64);
        let shared = ids.iter().filter(|id| **id == ids[0]).count() as u64;
        for id in ids {
            check(&app, id, shared * (1 + each)).await?;
            if shared > 1 {
                break;
            }
        }
        let commits = (shared > 1).then_some(commits(&store, &ids[0]).await?);
        Ok(Sample { commits, ..sample })
    })
}

async fn commits(store: &SqliteEventStore, id: &str) -> Result<u64, Error> {
    let stream = StreamId::new(Account::CATEGORY, id);
    let (mut commits, mut from) = (0, 1);
    loop {
        let page = store.read(&stream, from, 1_000).await?;
        commits += page.commits.len() as u64;
        match page.commits.last().filter(|_| page.more) {
            Some(last) => from = last.last_sequence + 1,
            None => return Ok(commits),
        }
    }
}

fn append(folder: &Path, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let database = Database::within(folder)?;
    let each = scale.durable_each(in_flight);
    on_all_threads(async {
        let store = SqliteEventStore::open(database.path()).await?;
        let streams = ids(in_flight).map(|id| (StreamId::new(Account::CATEGORY, id), Version::EMPTY));
        let begun = appended(&store, streams.collect(), 1).await?;
        let running = meter.start();
        let ended = appended(&store, begun, each).await?;
        let sample = running.stop(each * in_flight);
        for (stream, version) in ended {
            same("version", version.last_sequence(), 1 + each)?;
            same("stored version", store.head(&stream).await?.last_sequence(), 1 + each)?;
        }
        Ok(sample)
    })
}

type Streams = Vec<(StreamId, Version)>;

/// One task for each stream, which appends its next commit once the last one is durable.
async fn appended(store: &SqliteEventStore, streams: Streams, commits: u64) -> Result<Streams, Error> {
    let tasks = streams.into_iter().map(|(stream, mut version)| {
        let store = store.clone();
        tokio::spawn(async move {
            for _ in 0..commits {
                let Deposit { amount, reference } = Deposit::sample();
                let event = AccountEvent::Deposited(Deposited { amount, reference });
                let mut frame = FrameBuilder::new(Codec::Bincode);
                frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[event])?;
                let commit = Arc::new(Commit::following(&version, stream.clone(), Codec::Bincode, frame));
                version = commit.version();
                store.append(commit).await?;
            }
            Ok::<_, Error>((stream, version))
        })
    });
    let mut ended = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        ended.push(task.await??);
    }
    Ok(ended)
}
