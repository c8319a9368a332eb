//! What a command costs where there are more and more aggregates.

use std::{
    collections::{HashMap, hash_map::Entry},
    hint::black_box,
    sync::Arc,
};

use event_sourcing::{
    event::FrameBuilder,
    prelude::*,
    store::{Commit, EventStore, StreamId, Version},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{super::same, Storage};
use crate::{
    Error,
    bank::{Account, AccountEvent, Deposit, Deposited},
    meter::{Meter, Sample},
    process,
};

/// Appends at once, so that they share transactions.
const AT_ONCE: usize = 1_024;
/// Aggregates that have had a command before the clock starts, where the process finds its events stored.
const WARM: u64 = 10_000;

pub(super) async fn run(
    storage: &Storage,
    aggregates: u64,
    commands: u64,
    meter: Meter,
) -> Result<Sample, Error> {
    match storage {
        Storage::Memory => {
            let store = MemoryEventStore::new();
            fill(&store, aggregates).await?;
            // In memory a first command is cheap: what fits in the cache is there.
            measure(store, aggregates, aggregates, commands, meter).await
        }
        Storage::Sqlite(folder) => {
            let store = SqliteEventStore::open(folder.join(format!("aggregates-{aggregates}.db"))).await?;
            if store.head(&stream_of(aggregates - 1)).await? == Version::EMPTY {
                fill(&store, aggregates).await?;
            }
            measure(store, aggregates, aggregates.min(WARM), commands, meter).await
        }
    }
}

fn id(n: u64) -> String {
    format!("account-{n:07}")
}

fn stream_of(n: u64) -> StreamId {
    StreamId::new(Account::CATEGORY, id(n))
}

/// One event for each aggregate; the last one's comes last, and says that all are there.
async fn fill(store: &impl EventStore, aggregates: u64) -> Result<(), Error> {
    let first = stream::iter(0..aggregates - 1).map(|n| begin(store, n)).buffer_unordered(AT_ONCE);
    first.try_collect::<()>().await?;
    begin(store, aggregates - 1).await
}

async fn begin(store: &impl EventStore, n: u64) -> Result<(), Error> {
    let Deposit { amount, reference } = Deposit::sample();
    let event = AccountEvent::Deposited(Deposited { amount, reference });
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[event])?;
    Ok(store
        .append(Arc::new(Commit::following(&Version::EMPTY, stream_of(n), Codec::Bincode, frame)))
        .await?)
}

async fn measure(
    store: impl EventStore + Clone,
    aggregates: u64,
    warm: u64,
    commands: u64,
    meter: Meter,
) -> Result<Sample, Error> {
    let app = App::builder(store.clone()).start().await?;
    let warmed = stream::iter(0..warm).map(|n| {
        let app = app.clone();
        async move { app.execute(&id(n), Deposit::sample()).await.map(drop) }
    });
    warmed.buffer_unordered(AT_ONCE).try_collect::<()>().await?;
    // The same ones in each run.
    let mut dice = 0x9e37_79b9_7f4a_7c15_u64;
    let chosen: Vec<_> = (0..commands).map(|_| roll(&mut dice) % aggregates).collect();
    let mut before = HashMap::new();
    for &n in &chosen {
        if let Entry::Vacant(vacant) = before.entry(n) {
            vacant.insert(store.head(&stream_of(n)).await?.last_sequence());
        }
    }
    let running = meter.start();
    for &n in &chosen {
        black_box(app.execute(&id(n), black_box(Deposit::sample())).await?);
    }
    let sample = process::with_memory(running.stop(commands));
    chosen.iter().for_each(|n| *before.entry(*n).or_default() += 1);
    for (n, wanted) in before {
        same("version", store.head(&stream_of(n)).await?.last_sequence(), wanted)?;
    }
    Ok(sample)
}

/// xorshift.
fn roll(dice: &mut u64) -> u64 {
    *dice ^= *dice << 13;
    *dice ^= *dice >> 7;
    *dice ^= *dice << 17;
    *dice
}
