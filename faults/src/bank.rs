//! The aggregate that is written to: an account whose every event tells which command wanted it.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

pub(crate) type AccountId = String;

/// The aggregate's category.
pub(crate) const CATEGORY: &str = "account";

#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("account.opened")]
pub(crate) struct Opened;
/// Money from outside.
#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("account.deposited")]
pub(crate) struct Deposited {
    pub(crate) amount: u64,
}
/// The first half of a transfer. It names the other one, so that whoever reads the stream can complete it.
#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("account.sent")]
pub(crate) struct Sent {
    pub(crate) transfer: Uuid,
    pub(crate) to: AccountId,
    pub(crate) amount: u64,
}
/// The second half.
#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("account.received")]
pub(crate) struct Received {
    pub(crate) transfer: Uuid,
    pub(crate) amount: u64,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = AccountId, events(Opened, Deposited, Sent, Received), snapshot(every = 50))]
pub(crate) struct Account {
    open: bool,
    pub(crate) balance: u64,
    /// How many events it is made of: a refusal says on which state it was decided.
    pub(crate) events: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.open = true;
        self.events += 1;
    }
}
impl Apply<Deposited> for Account {
    fn apply(&mut self, e: &Deposited) {
        self.balance += e.amount;
        self.events += 1;
    }
}
impl Apply<Sent> for Account {
    fn apply(&mut self, e: &Sent) {
        self.balance -= e.amount;
        self.events += 1;
    }
}
impl Apply<Received> for Account {
    fn apply(&mut self, e: &Received) {
        self.balance += e.amount;
        self.events += 1;
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AccountError {
    #[error("there is no such account")]
    Unknown,
    #[error("the balance is {balance}, after {events} events")]
    Insufficient { balance: u64, events: u64 },
}

pub(crate) struct Open;
#[command_handler(creates = Account)]
fn open(_: &Open) -> Result<Opened, AccountError> {
    Ok(Opened)
}

/// One event for each amount, so that commits and commands are of different lengths.
pub(crate) struct Deposit {
    pub(crate) amounts: Vec<u64>,
}
#[command_handler]
fn deposit(account: &Account, cmd: &Deposit) -> Result<Vec<AccountEvent>, AccountError> {
    require!(account.open, AccountError::Unknown);
    Ok(cmd.amounts.iter().map(|amount| Deposited { amount: *amount }.into()).collect())
}

pub(crate) struct Pay {
    pub(crate) transfer: Uuid,
    pub(crate) to: AccountId,
    pub(crate) amount: u64,
}
#[command_handler]
fn pay(account: &Account, cmd: &Pay) -> Result<Sent, AccountError> {
    require!(account.open, AccountError::Unknown);
    let (balance, events) = (account.balance, account.events);
    require!(balance >= cmd.amount, AccountError::Insufficient { balance, events });
    Ok(Sent { transfer: cmd.transfer, to: cmd.to.clone(), amount: cmd.amount })
}

pub(crate) struct Receive {
    pub(crate) transfer: Uuid,
    pub(crate) amount: u64,
}
#[command_handler]
fn receive(account: &Account, cmd: &Receive) -> Result<Received, AccountError> {
    require!(account.open, AccountError::Unknown);
    Ok(Received { transfer: cmd.transfer, amount: cmd.amount })
}

impl AccountEvent {
    /// What it does to the balance: money in, and money out.
    pub(crate) fn amounts(&self) -> (u64, u64) {
        match self {
            Self::Opened(_) => (0, 0),
            Self::Deposited(Deposited { amount }) | Self::Received(Received { amount, .. }) => (*amount, 0),
            Self::Sent(Sent { amount, .. }) => (0, *amount),
        }
    }

    /// As text, for reports.
    pub(crate) fn show(&self) -> String {
        match self {
            Self::Opened(e) => format!("{e:?}"),
            Self::Deposited(e) => format!("{e:?}"),
            Self::Sent(e) => format!("{e:?}"),
            Self::Received(e) => format!("{e:?}"),
        }
    }
}
