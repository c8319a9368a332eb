//! An account: what can happen to it, what can be asked of it, and when it refuses.

use std::collections::BTreeMap;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    hold::{Declined, Held, Received, Released, Settled},
    transfer::TransferId,
};

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
#[derive(Event, Serialize, Deserialize)]
#[event("account.closed")]
pub struct Closed;

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate(
    "account",
    id = AccountId,
    events(Opened, Deposited, Withdrawn, Closed, Held, Declined, Received, Settled, Released),
    snapshot(every = 100)
)]
pub struct Account {
    pub standing: Standing,
    /// In minor units, cents say. Without what is on hold.
    pub balance: u64,
    /// What is set aside for transfers on their way.
    pub holds: BTreeMap<TransferId, u64>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Standing {
    #[default]
    Unknown,
    Open,
    Closed,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.standing = Standing::Open;
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
impl Apply<Closed> for Account {
    fn apply(&mut self, _: &Closed) {
        self.standing = Standing::Closed;
    }
}

/// Why an account refuses. [`Declined`] stores it: to change a variant takes a new version of that event.
#[derive(EventSchema, Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum AccountError {
    #[error("there is no such account")]
    Unknown,
    #[error("the account is closed")]
    Closed,
    #[error("insufficient funds: the balance is {balance}")]
    Insufficient { balance: u64 },
    #[error("the account cannot take {amount} more: with what it has, that is over 2^64 - 1")]
    Overflow { amount: u64 },
    #[error("the account still has {balance}, and {held} on hold: only an empty one can be closed")]
    NotEmpty { balance: u64, held: u64 },
    #[error("nothing is on hold here for transfer {transfer}")]
    NotHeld { transfer: TransferId },
}

impl Account {
    pub fn held(&self) -> u64 {
        self.holds.values().sum()
    }

    pub fn require_open(&self) -> Result<(), AccountError> {
        match self.standing {
            Standing::Open => Ok(()),
            Standing::Closed => Err(AccountError::Closed),
            Standing::Unknown => Err(AccountError::Unknown),
        }
    }

    /// Whether `amount` can come in. What is on hold counts, since it may have to go back to the balance.
    pub fn require_room(&self, amount: u64) -> Result<(), AccountError> {
        let all = (self.balance + self.held()).checked_add(amount);
        require!(all.is_some(), AccountError::Overflow { amount });
        Ok(())
    }

    pub fn require_funds(&self, amount: u64) -> Result<(), AccountError> {
        require!(self.balance >= amount, AccountError::Insufficient { balance: self.balance });
        Ok(())
    }
}

pub struct Open {
    pub owner: String,
}
#[command_handler(creates = Account)]
fn open(cmd: &Open) -> Result<Opened, AccountError> {
    Ok(Opened { owner: cmd.owner.clone() })
}

pub struct Deposit {
    pub amount: u64,
}
#[command_handler]
fn deposit(account: &Account, cmd: &Deposit) -> Result<Deposited, AccountError> {
    account.require_open()?;
    account.require_room(cmd.amount)?;
    Ok(Deposited { amount: cmd.amount })
}

pub struct Withdraw {
    pub amount: u64,
}
#[command_handler]
fn withdraw(account: &Account, cmd: &Withdraw) -> Result<Withdrawn, AccountError> {
    account.require_open()?;
    account.require_funds(cmd.amount)?;
    Ok(Withdrawn { amount: cmd.amount })
}

pub struct Close;
#[command_handler]
fn close(account: &Account, _: &Close) -> Result<Closed, AccountError> {
    account.require_open()?;
    let (balance, held) = (account.balance, account.held());
    require!(balance == 0 && held == 0, AccountError::NotEmpty { balance, held });
    Ok(Closed)
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use event_sourcing::testing::{Given, given};

    fn opened() -> Opened {
        Opened { owner: "Ann".to_owned() }
    }

    fn with(amount: u64) -> Given<'static, Account> {
        given((opened(), Deposited { amount }))
    }

    #[test]
    fn opens_once() {
        given(()).when_now(Open { owner: "Ann".to_owned() }).then_events(opened());
        given(opened()).when_now(Open { owner: "Bob".to_owned() }).then_already_exists();
        given((opened(), Closed)).when_now(Open { owner: "Bob".to_owned() }).then_already_exists();
    }

    #[test]
    fn money_comes_and_goes() {
        let outcome = with(5).when_now(Withdraw { amount: 5 }).then_events(Withdrawn { amount: 5 });
        assert_eq!(outcome.state().balance, 0);
        let outcome = with(5).when_now(Deposit { amount: 2 }).then_events(Deposited { amount: 2 });
        assert_eq!(outcome.state().balance, 7);
    }

    #[test]
    fn more_than_there_is_is_refused() {
        with(5).when_now(Withdraw { amount: 6 }).then_refused(AccountError::Insufficient { balance: 5 });
    }

    #[test]
    fn more_than_fits_is_refused() {
        let most = u64::MAX - 5;
        with(5).when_now(Deposit { amount: most }).then_events(Deposited { amount: most });
        let refusal = AccountError::Overflow { amount: most + 1 };
        with(5).when_now(Deposit { amount: most + 1 }).then_refused(refusal);
    }

    #[test]
    fn what_is_on_hold_takes_room() {
        let hold = Held { transfer: TransferId::nil(), amount: 5 };
        let amount = u64::MAX - 4;
        with(5).and(hold).when_now(Deposit { amount }).then_refused(AccountError::Overflow { amount });
    }

    #[test]
    fn only_an_empty_account_closes() {
        given(opened()).when_now(Close).then_events(Closed);
        with(5).when_now(Close).then_refused(AccountError::NotEmpty { balance: 5, held: 0 });
        let hold = Held { transfer: TransferId::nil(), amount: 5 };
        with(5).and(hold).when_now(Close).then_refused(AccountError::NotEmpty { balance: 0, held: 5 });
    }

    #[test]
    fn nothing_happens_to_an_account_that_is_not_open() {
        let closed = || given((opened(), Closed));
        closed().when_now(Deposit { amount: 1 }).then_refused(AccountError::Closed);
        closed().when_now(Withdraw { amount: 1 }).then_refused(AccountError::Closed);
        closed().when_now(Close).then_refused(AccountError::Closed);
        given(()).when_now(Deposit { amount: 1 }).then_refused(AccountError::Unknown);
        given(()).when_now(Withdraw { amount: 1 }).then_refused(AccountError::Unknown);
        given(()).when_now(Close).then_refused(AccountError::Unknown);
    }
}
