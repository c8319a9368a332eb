//! cqrs-es, in memory.
//!
//! Which of its modes is the fair counterpart? Our command path keeps aggregates in memory and is told by the
//! store when another writer was first. cqrs-es keeps nothing: each command loads the aggregate.
//!
//! - *Replay* is its default and what its guide shows. Its cost grows with the stream, ours does not; hence
//!   both a short stream and one of 1,000 events.
//! - *Snapshots* bound the replay; every 100 events is a usual choice, so 50 are replayed on average.
//! - *Aggregate store* replays nothing: it keeps the serialized state beside the events and loads that. It is
//!   the nearest to a cached aggregate, and the mode to compare with for the cost of everything but the replay.
//! - *MemStore* is the store that comes with it, for tests. It keeps events as they are, so it serializes
//!   nothing; it also checks no conflicts, and prints twice a command.
//!
//! All but MemStore run over [`Repository`], which checks conflicts as our stores do.
//!
//! In cqrs-es 0.5.0 a state that is kept has the events of the command that kept it twice: the handler's sink
//! applies them, and the commit does again. So the result is checked with a replay in every mode.

use std::{collections::HashMap, hint::black_box};

use cqrs_es::{
    AggregateContext, CqrsFramework, EventStore,
    mem_store::{MemStore, MemStoreAggregateContext},
    persist::{EventStoreAggregateContext, PersistedEventStore},
};

use super::{
    Case, Scale,
    long::{self, LONG},
    on_one_thread, same,
    short::{self, SHORT},
};
use crate::{
    Error,
    bank::{AMOUNT, Deposit},
    meter::{Meter, Sample},
    peer::{Account, AccountEvent, Repository, Silence},
};

type Store = PersistedEventStore<Repository, Account>;
type Make = fn(Repository) -> Store;

const SNAPSHOT_EVERY: usize = 100;
const MEM_STORE: &str = "checks no conflicts; prints twice a command, here to /dev/null";
const AGGREGATE: &str = "replays nothing; 0.5.0 applies every event twice";

fn snapshots(repository: Repository) -> Store {
    Store::new_snapshot_store(repository, SNAPSHOT_EVERY)
}

pub(super) fn long() -> Vec<Case> {
    let case = |mode, label, make: Make| {
        Case::new(format!("cqrs/long/{mode}"), label, long::BASE, move |scale, meter| {
            on_one_thread(persisted_long(make, scale, meter))
        })
    };
    vec![
        Case::new("cqrs/long/mem-store", "cqrs-es, its MemStore", long::BASE, |scale, meter| {
            let _silence = Silence::begin()?;
            on_one_thread(mem_store_long(scale, meter))
        })
        .remark(MEM_STORE),
        case("replay", "cqrs-es, replay", Store::new_event_store).remark("1,000 events and more a command"),
        case("snapshots", "cqrs-es, a snapshot every 100 events", snapshots)
            .remark("50 events a command; 0.5.0 applies one in 100 twice"),
        case("aggregate", "cqrs-es, aggregate store", Store::new_aggregate_store).remark(AGGREGATE),
    ]
}

pub(super) fn short() -> Vec<Case> {
    let case = |mode, label, make: Make| {
        Case::new(format!("cqrs/short/{mode}"), label, short::BASE, move |scale, meter| {
            on_one_thread(persisted_short(make, scale, meter))
        })
    };
    vec![
        Case::new("cqrs/short/mem-store", "cqrs-es, its MemStore", short::BASE, |scale, meter| {
            let _silence = Silence::begin()?;
            on_one_thread(mem_store_short(scale, meter))
        })
        .remark(MEM_STORE),
        case("replay", "cqrs-es, replay", Store::new_event_store).remark("4.5 events a command"),
        case("aggregate", "cqrs-es, aggregate store", Store::new_aggregate_store).remark(AGGREGATE),
    ]
}

async fn persisted_long(make: Make, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let repository = Repository::default();
    let context = EventStoreAggregateContext {
        aggregate_id: ID.to_owned(),
        aggregate: Account::default(),
        current_sequence: 0,
        current_snapshot: None,
    };
    make(repository.clone()).commit(history(), context, HashMap::new()).await?;
    let sample = execute_long(make(repository.clone()), scale, meter).await?;
    check(&Store::new_event_store(repository), ID, LONG + scale.replayed).await?;
    Ok(sample)
}

async fn persisted_short(make: Make, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let repository = Repository::default();
    let sample = execute_short(make(repository.clone()), scale, meter).await?;
    let store = Store::new_event_store(repository);
    for id in short::ids(scale) {
        check(&store, &id, SHORT).await?;
    }
    Ok(sample)
}

async fn mem_store_long(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let store = MemStore::<Account>::default();
    let context = MemStoreAggregateContext {
        aggregate_id: ID.to_owned(),
        aggregate: Account::default(),
        current_sequence: 0,
    };
    store.commit(history(), context, HashMap::new()).await?;
    let sample = execute_long(store.clone(), scale, meter).await?;
    check(&store, ID, LONG + scale.replayed).await?;
    Ok(sample)
}

async fn mem_store_short(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let store = MemStore::<Account>::default();
    let sample = execute_short(store.clone(), scale, meter).await?;
    for id in short::ids(scale) {
        check(&store, &id, SHORT).await?;
    }
    Ok(sample)
}

const ID: &str = "account-000001";

/// What the long stream holds when the clock starts.
fn history() -> Vec<AccountEvent> {
    let deposits = (0..LONG).map(|_| Deposit::sample());
    deposits.map(|d| AccountEvent::Deposited { amount: d.amount, reference: d.reference }).collect()
}

async fn execute_long(store: impl EventStore<Account>, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let cqrs = CqrsFramework::new(store, vec![], ());
    let running = meter.start();
    for _ in 0..scale.replayed {
        cqrs.execute(ID, black_box(Deposit::sample())).await?;
    }
    Ok(running.stop(scale.replayed))
}

async fn execute_short(
    store: impl EventStore<Account>,
    scale: &Scale,
    meter: Meter,
) -> Result<Sample, Error> {
    let cqrs = CqrsFramework::new(store, vec![], ());
    let ids = short::ids(scale);
    let running = meter.start();
    for id in &ids {
        for _ in 0..SHORT {
            cqrs.execute(id, black_box(Deposit::sample())).await?;
        }
    }
    Ok(running.stop(scale.aggregates * SHORT))
}

/// Whether a replay finds that `id` has done `deposits` commands.
async fn check(store: &impl EventStore<Account>, id: &str, deposits: u64) -> Result<(), Error> {
    let mut context = store.load_aggregate(id).await?;
    let account = context.aggregate();
    same("deposits", account.deposits, deposits)?;
    same("balance", account.balance, deposits * AMOUNT)
}
