//! The command path through [`App::execute`], over a store that fails on demand.

mod ledger;
mod store;

mod cancel;
mod chain;
mod conflict;
mod cost;
mod eviction;
mod fresh;
mod group;
mod idempotency;
mod panics;
mod property;
mod race;
mod shutdown;
mod snapshot;
mod unknown;

use es_core::{
    aggregate::Aggregate,
    app::App,
    command::{Command, CommandExt, Decide, Envelope, IntoEnvelope},
    handler::{Committed, ConflictPolicy, ExecuteError},
    store::{LONGEST_ID, Limits, StreamId, Version, check_chain},
};
use futures_util::future::poll_immediate;
use std::{pin::Pin, time::Duration};
use uuid::Uuid;

pub use conflict::a_conflict_with;
use ledger::*;
pub use store::FaultyStore;
use store::{Call, Fault};

async fn app(store: &FaultyStore) -> App {
    App::builder(store.clone()).start().await.unwrap()
}

/// An App that gives up after so many refusals.
async fn giving_up_after(attempts: u32, store: &FaultyStore) -> App {
    let policy = ConflictPolicy { attempts, ..ConflictPolicy::default() };
    App::builder(store.clone()).conflicts(policy).start().await.unwrap()
}

fn id() -> String {
    "a".to_owned()
}

/// Asks ledger `a`.
async fn ask<I>(app: &App, command: I) -> Result<Committed<Asked<I>>, ExecuteError<Refused>>
where
    I: IntoEnvelope<Command: Decide<()> + Command<Error = Refused, Aggregate: Aggregate<Id = String>>>,
{
    app.execute(&id(), command).await
}
type Asked<I> = <<I as IntoEnvelope>::Command as Command>::Aggregate;

fn uuid(n: u128) -> Uuid {
    Uuid::from_u128(n)
}

/// Sends a command: it waits for its turn, or for the store.
async fn sent<F: Future>(command: F) -> Pin<Box<F>> {
    let mut command = Box::pin(command);
    assert!(poll_immediate(&mut command).await.is_none(), "it was to wait");
    command
}

/// What is stored of ledger `id`, read past the App: one chain, its events in order.
async fn stored(store: &FaultyStore, id: &str) -> Vec<u64> {
    let commits = store.commits(id).await;
    check_chain(&Version::EMPTY, &commits).unwrap();
    let app = app(&store.another()).await;
    app.load::<Ledger>(&id.to_owned()).await.unwrap().state.entries
}

fn stream() -> StreamId {
    StreamId::new("ledger", "a")
}

/// Fails instead of hanging. The clock of these tests stands still unless everything waits.
async fn soon<F: Future>(future: F) -> F::Output {
    tokio::time::timeout(Duration::from_secs(60), future).await.expect("it hangs")
}
