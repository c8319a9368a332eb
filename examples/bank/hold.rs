//! An account's part in transfers. The sender's money is set aside first, and leaves for good, or is given back,
//! when it is known whether the receiver has it.
//!
//! Whoever drives a transfer may die and be followed by another, or two may drive it at once. So what an account
//! answers to [`Hold`] and [`Receive`] has to stay true, a no as well: both are events, and a repeated command
//! gets the answer of the first time. A refusal that left no event could be a yes a moment later.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::{
    account::{Account, AccountError, AccountEvent, Standing},
    transfer::TransferId,
};

#[derive(Event, Serialize, Deserialize)]
#[event("account.held")]
pub struct Held {
    pub transfer: TransferId,
    pub amount: u64,
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.declined")]
pub struct Declined {
    pub transfer: TransferId,
    pub reason: AccountError,
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.received")]
pub struct Received {
    pub transfer: TransferId,
    pub amount: u64,
}
/// What was on hold is the receiver's now.
#[derive(Event, Serialize, Deserialize)]
#[event("account.settled")]
pub struct Settled {
    pub transfer: TransferId,
    pub amount: u64,
}
/// What was on hold is back in the balance.
#[derive(Event, Serialize, Deserialize)]
#[event("account.released")]
pub struct Released {
    pub transfer: TransferId,
    pub amount: u64,
}

impl Apply<Held> for Account {
    fn apply(&mut self, e: &Held) {
        self.balance -= e.amount;
        self.holds.insert(e.transfer, e.amount);
    }
}
impl Apply<Declined> for Account {
    fn apply(&mut self, _: &Declined) {}
}
impl Apply<Received> for Account {
    fn apply(&mut self, e: &Received) {
        self.balance += e.amount;
    }
}
impl Apply<Settled> for Account {
    fn apply(&mut self, e: &Settled) {
        self.holds.remove(&e.transfer);
    }
}
impl Apply<Released> for Account {
    fn apply(&mut self, e: &Released) {
        self.balance += e.amount;
        self.holds.remove(&e.transfer);
    }
}

/// Sets the sender's money aside. The answer is [`Held`] or [`Declined`].
pub struct Hold {
    pub transfer: TransferId,
    pub amount: u64,
}
#[command_handler]
fn hold(account: &Account, cmd: &Hold) -> Result<AccountEvent, AccountError> {
    let &Hold { transfer, amount } = cmd;
    require!(account.standing != Standing::Unknown, AccountError::Unknown);
    Ok(match account.require_open().and_then(|()| account.require_funds(amount)) {
        Ok(()) => Held { transfer, amount }.into(),
        Err(reason) => Declined { transfer, reason }.into(),
    })
}

/// Gives the receiver its money. The answer is [`Received`] or [`Declined`].
pub struct Receive {
    pub transfer: TransferId,
    pub amount: u64,
}
#[command_handler]
fn receive(account: &Account, cmd: &Receive) -> Result<AccountEvent, AccountError> {
    let &Receive { transfer, amount } = cmd;
    require!(account.standing != Standing::Unknown, AccountError::Unknown);
    Ok(match account.require_open().and_then(|()| account.require_room(amount)) {
        Ok(()) => Received { transfer, amount }.into(),
        Err(reason) => Declined { transfer, reason }.into(),
    })
}

/// The receiver has the money: ends the hold.
pub struct Settle {
    pub transfer: TransferId,
}
#[command_handler]
fn settle(account: &Account, cmd: &Settle) -> Result<Settled, AccountError> {
    Ok(Settled { transfer: cmd.transfer, amount: held(account, cmd.transfer)? })
}

/// The receiver does not take the money: gives it back to the sender.
pub struct Release {
    pub transfer: TransferId,
}
#[command_handler]
fn release(account: &Account, cmd: &Release) -> Result<Released, AccountError> {
    Ok(Released { transfer: cmd.transfer, amount: held(account, cmd.transfer)? })
}

fn held(account: &Account, transfer: TransferId) -> Result<u64, AccountError> {
    account.holds.get(&transfer).copied().ok_or(AccountError::NotHeld { transfer })
}

#[cfg(all(test, feature = "testing"))]
mod tests {
    use super::*;
    use crate::account::{Closed, Deposited, Opened};
    use event_sourcing::testing::{Given, given};

    const T: TransferId = TransferId::from_u128(7);

    fn with(amount: u64) -> Given<'static, Account> {
        given((Opened { owner: "Ann".to_owned() }, Deposited { amount }))
    }

    #[test]
    fn a_hold_is_settled_or_released_and_then_gone() {
        let held = || with(9).and(Held { transfer: T, amount: 4 });
        assert_eq!((held().state().balance, held().state().held()), (5, 4));
        let settled = held().when_now(Settle { transfer: T });
        let settled = settled.then_events(Settled { transfer: T, amount: 4 });
        assert_eq!((settled.state().balance, settled.state().held()), (5, 0));
        let released = held().when_now(Release { transfer: T });
        let released = released.then_events(Released { transfer: T, amount: 4 });
        assert_eq!((released.state().balance, released.state().held()), (9, 0));

        let gone = AccountError::NotHeld { transfer: T };
        let after = || held().and(Settled { transfer: T, amount: 4 });
        after().when_now(Release { transfer: T }).then_refused(gone.clone());
        after().when_now(Settle { transfer: T }).then_refused(gone);
    }

    #[test]
    fn money_is_held_and_received() {
        with(9).when_now(Hold { transfer: T, amount: 9 }).then_events(Held { transfer: T, amount: 9 });
        let received = with(9).when_now(Receive { transfer: T, amount: 4 });
        let received = received.then_events(Received { transfer: T, amount: 4 });
        assert_eq!(received.state().balance, 13);
    }

    #[test]
    fn a_no_is_an_event() {
        let no = |reason| Declined { transfer: T, reason };
        let short = AccountError::Insufficient { balance: 9 };
        with(9).when_now(Hold { transfer: T, amount: 10 }).then_events(no(short));
        let overflow = AccountError::Overflow { amount: u64::MAX };
        with(9).when_now(Receive { transfer: T, amount: u64::MAX }).then_events(no(overflow));
        let closed = || given((Opened { owner: "Ann".to_owned() }, Closed));
        closed().when_now(Hold { transfer: T, amount: 1 }).then_events(no(AccountError::Closed));
        closed().when_now(Receive { transfer: T, amount: 1 }).then_events(no(AccountError::Closed));
    }

    #[test]
    fn an_account_that_was_never_opened_gets_no_event() {
        given(()).when_now(Hold { transfer: T, amount: 1 }).then_refused(AccountError::Unknown);
        given(()).when_now(Receive { transfer: T, amount: 1 }).then_refused(AccountError::Unknown);
    }
}
