//! What it costs to load an aggregate whose stream grows.

use std::{hint::black_box, time::Duration};

use event_sourcing::{
    prelude::*,
    store::{EventStore, StreamId, Version},
};
use futures_util::{StreamExt, TryStreamExt, stream};

use super::{
    super::same,
    Storage,
    bank::{KeptAccount, KeptDeposit},
};
use crate::{
    Error,
    bank::{AMOUNT, Account, Deposit},
    meter::{Meter, Sample},
    process,
};

/// Commands at once over a database, where streams are written: they share commits.
const AT_ONCE: usize = 64;
const ID: &str = "account-000001";
/// How long a snapshot may take until it is stored.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) async fn run(
    storage: &Storage,
    events: u64,
    snapshots: bool,
    loads: u64,
    meter: Meter,
) -> Result<Sample, Error> {
    match storage {
        // One event in each commit.
        Storage::Memory => measure(MemoryEventStore::new(), 1, events, snapshots, loads, meter).await,
        Storage::Sqlite(folder) => {
            let store = SqliteEventStore::open(folder.join(format!("stream-{events}.db"))).await?;
            measure(store, AT_ONCE, events, snapshots, loads, meter).await
        }
    }
}

async fn measure(
    store: impl EventStore + Clone,
    at_once: usize,
    events: u64,
    snapshots: bool,
    loads: u64,
    meter: Meter,
) -> Result<Sample, Error> {
    let category = if snapshots { KeptAccount::CATEGORY } else { Account::CATEGORY };
    if store.head(&StreamId::new(category, ID)).await? == Version::EMPTY {
        let app = App::builder(store.clone()).start().await?;
        let (id, app) = (&ID.to_owned(), &app);
        let sent = stream::iter(0..events).map(|_| async move {
            if snapshots {
                app.execute(id, KeptDeposit(Deposit::sample())).await.map(drop)
            } else {
                app.execute(id, Deposit::sample()).await.map(drop)
            }
        });
        sent.buffer_unordered(at_once).try_collect::<()>().await?;
        // Snapshots are saved off the command's path; those that are due still come.
        app.shutdown().await;
        if snapshots && events >= 200 {
            has_snapshot(&store).await?;
        }
    }
    let app = App::builder(store).start().await?;
    let id = ID.to_owned();
    let running = meter.start();
    for _ in 0..loads {
        let (version, balance) = if snapshots {
            let loaded = black_box(app.load::<KeptAccount>(&id).await?);
            (loaded.version, loaded.state.balance)
        } else {
            let loaded = black_box(app.load::<Account>(&id).await?);
            (loaded.version, loaded.state.balance)
        };
        same("version", version, events)?;
        same("balance", balance, events * AMOUNT)?;
    }
    Ok(process::with_memory(running.stop(loads)))
}

/// Waits until the newest snapshot is stored.
async fn has_snapshot(store: &impl EventStore) -> Result<(), Error> {
    let fingerprint = KeptAccount::SNAPSHOT.ok_or("it keeps no snapshots")?.fingerprint;
    let stream = StreamId::new(KeptAccount::CATEGORY, ID);
    let head = store.head(&stream).await?.last_sequence();
    let saved = async {
        loop {
            let snapshot = store.load_snapshot(&stream, fingerprint).await?;
            // One that came while another was saved waits for the next command.
            if snapshot.is_some_and(|snapshot| snapshot.version.last_sequence() + 250 > head) {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, saved).await.map_err(|_| "no snapshot was stored")?
}
