//! event-sourcing-rs.

use std::path::Path;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    load::{AMOUNT, Library, REFERENCE},
};

#[derive(Clone)]
pub(crate) struct Ours(App);

pub(crate) async fn memory() -> Result<Ours, Error> {
    Ok(Ours(App::builder(MemoryEventStore::new()).start().await?))
}

/// The store's own settings are a write-ahead log and `synchronous = FULL`.
pub(crate) async fn sqlite(path: &Path) -> Result<Ours, Error> {
    Ok(Ours(App::builder(SqliteEventStore::open(path).await?).start().await?))
}

impl Library for Ours {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        let deposit = Deposit { amount: AMOUNT, reference: REFERENCE.to_owned(), times };
        self.0.execute(&id.to_owned(), deposit).await?;
        Ok(())
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        let loaded = self.0.load::<Account>(&id.to_owned()).await?;
        if loaded.state.balance != loaded.version * AMOUNT {
            return Err(format!("the balance of `{id}` is {}", loaded.state.balance).into());
        }
        Ok(loaded.version)
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
struct Deposited {
    amount: u64,
    reference: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Deposited))]
struct Account {
    balance: u64,
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: &Deposited) {
        self.balance += event.amount;
    }
}

struct Deposit {
    amount: u64,
    reference: String,
    times: u64,
}

#[derive(Debug)]
struct TooRich;

impl std::fmt::Display for TooRich {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the balance would leave 64 bits")
    }
}

impl std::error::Error for TooRich {}

#[command_handler]
fn deposit(account: &Account, cmd: &Deposit) -> Result<Vec<AccountEvent>, TooRich> {
    require!(account.balance.checked_add(cmd.amount).is_some(), TooRich);
    let event = || Deposited { amount: cmd.amount, reference: cmd.reference.clone() };
    Ok((0..cmd.times).map(|_| event().into()).collect())
}
