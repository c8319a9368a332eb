// The bank of the readme, for the code of docs/guide.md to build on. Included there, hidden.
use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

pub type AccountId = String;

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
pub struct Deposited {
    pub amount: u64,
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.withdrawn")]
pub struct Withdrawn {
    pub amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = AccountId, events(Opened, Deposited, Withdrawn))]
pub struct Account {
    pub open: bool,
    pub balance: u64,
}
impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.open = true;
    }
}
impl Apply<Deposited> for Account {
    fn apply(&mut self, e: &Deposited) {
        self.balance += e.amount;
    }
}
impl Apply<Withdrawn> for Account {
    fn apply(&mut self, e: &Withdrawn) {
        self.balance -= e.amount;
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("there is no such account")]
    NotOpen,
    #[error("only {0} left")]
    Insufficient(u64),
}

pub struct Open {
    pub owner: String,
}
#[command_handler(creates = Account)]
fn open(cmd: &Open) -> Result<Opened, AccountError> {
    Ok(Opened { owner: cmd.owner.clone() })
}
pub struct Withdraw {
    pub amount: u64,
}
#[command_handler]
fn withdraw(account: &Account, cmd: &Withdraw) -> Result<Withdrawn, AccountError> {
    require!(account.open, AccountError::NotOpen);
    require!(account.balance >= cmd.amount, AccountError::Insufficient(account.balance));
    Ok(Withdrawn { amount: cmd.amount })
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    pub owner: String,
    pub balance: u64,
}
pub struct Balances;
#[projection("balances", view = Balance, key = AccountId)]
impl Balances {
    fn opened(view: &mut Balance, e: &Opened) {
        view.owner = e.owner.clone();
    }
    fn deposited(view: &mut Balance, e: &Deposited) {
        view.balance += e.amount;
    }
    fn withdrawn(view: &mut Balance, e: &Withdrawn) {
        view.balance -= e.amount;
    }
}
