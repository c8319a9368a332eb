//! The views: one with a row for each account, two over many accounts at once, and one over many aircraft.
//!
//! Their rows show an event that is missing, that came twice, or that came out of its order. The checker folds the
//! streams with the same functions: what is tested is that each event arrives once, in order, not what it does.

use std::hash::{DefaultHasher, Hash, Hasher};

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{
    bank::{AccountEvent, AccountId, Deposited, Opened, Received, Sent},
    fleet::{AircraftEvent, Departed, Landed},
};

/// Of what happened to one account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Ledger {
    /// Wraps: a view that is wrong has to be shown, not to panic.
    pub(crate) balance: u64,
    pub(crate) events: u64,
    /// The last event's place.
    pub(crate) last: u64,
    /// Of all events in the order in which they came.
    pub(crate) digest: u64,
}

impl Ledger {
    pub(crate) fn see(&mut self, sequence: u64, (amount_in, amount_out): (u64, u64), event: &impl Hash) {
        self.balance = self.balance.wrapping_add(amount_in).wrapping_sub(amount_out);
        self.events += 1;
        self.last = sequence;
        let mut hasher = DefaultHasher::new();
        (self.digest, sequence, event).hash(&mut hasher);
        self.digest = hasher.finish();
    }
}

pub(crate) struct Ledgers;
#[projection("ledgers", view = Ledger, key = AccountId)]
impl Ledgers {
    fn opened(view: &mut Ledger, e: &Opened, m: &Metadata) {
        view.see(m.sequence, (0, 0), e);
    }
    fn deposited(view: &mut Ledger, e: &Deposited, m: &Metadata) {
        view.see(m.sequence, (e.amount, 0), e);
    }
    fn sent(view: &mut Ledger, e: &Sent, m: &Metadata) {
        view.see(m.sequence, (0, e.amount), e);
    }
    fn received(view: &mut Ledger, e: &Received, m: &Metadata) {
        view.see(m.sequence, (e.amount, 0), e);
    }
}

/// Of all accounts: a row that every commit touches.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Total {
    pub(crate) accounts: u64,
    pub(crate) from_outside: u64,
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) events: u64,
    /// The sum of the events' digests: accounts come in any order.
    pub(crate) digest: u64,
}

impl Total {
    pub(crate) fn see(&mut self, account: &str, sequence: u64, event: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        (account, sequence, event).hash(&mut hasher);
        self.events += 1;
        self.digest = self.digest.wrapping_add(hasher.finish());
    }
}

/// The key of the only row.
pub(crate) const ALL: &str = "all";

pub(crate) struct Totals;
#[projection("totals", view = Total, key = str)]
impl Totals {
    #[on(key = "all")]
    fn opened(view: &mut Total, e: &Opened, m: &Metadata) {
        view.accounts += 1;
        view.see(&m.aggregate_id, m.sequence, e);
    }
    #[on(key = "all")]
    fn deposited(view: &mut Total, e: &Deposited, m: &Metadata) {
        view.from_outside += e.amount;
        view.see(&m.aggregate_id, m.sequence, e);
    }
    #[on(key = "all")]
    fn sent(view: &mut Total, e: &Sent, m: &Metadata) {
        view.sent += e.amount;
        view.see(&m.aggregate_id, m.sequence, e);
    }
    #[on(key = "all")]
    fn received(view: &mut Total, e: &Received, m: &Metadata) {
        view.received += e.amount;
        view.see(&m.aggregate_id, m.sequence, e);
    }
}

/// Of one transfer, whose halves come from two accounts.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Transfer {
    pub(crate) sent: u64,
    pub(crate) received: u64,
    pub(crate) events: u64,
}

pub(crate) struct Transfers;
#[projection("transfers", view = Transfer, key = Uuid)]
impl Transfers {
    #[on(key = e.transfer)]
    fn sent(view: &mut Transfer, e: &Sent) {
        view.sent += e.amount;
        view.events += 1;
    }
    #[on(key = e.transfer)]
    fn received(view: &mut Transfer, e: &Received) {
        view.received += e.amount;
        view.events += 1;
    }
}

/// Of one carrier's flights.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Traffic {
    pub(crate) departed: u64,
    pub(crate) landed: u64,
    /// The sum of the events' digests: aircraft come in any order.
    pub(crate) digest: u64,
}

impl Traffic {
    fn see(&mut self, aircraft: &str, sequence: u64, event: &impl Hash) {
        let mut hasher = DefaultHasher::new();
        (aircraft, sequence, event).hash(&mut hasher);
        self.digest = self.digest.wrapping_add(hasher.finish());
    }

    /// The same from a stream.
    pub(crate) fn fold(&mut self, aircraft: &str, sequence: u64, event: &AircraftEvent) {
        match event {
            AircraftEvent::Departed(e) => {
                self.departed += 1;
                self.see(aircraft, sequence, e);
            }
            AircraftEvent::Landed(e) => {
                self.landed += 1;
                self.see(aircraft, sequence, e);
            }
        }
    }
}

pub(crate) struct ByCarrier;
#[projection("traffic", view = Traffic, key = str)]
impl ByCarrier {
    #[on(key = e.carrier)]
    fn departed(view: &mut Traffic, e: &Departed, m: &Metadata) {
        view.departed += 1;
        view.see(&m.aggregate_id, m.sequence, e);
    }
    #[on(key = e.carrier)]
    fn landed(view: &mut Traffic, e: &Landed, m: &Metadata) {
        view.landed += 1;
        view.see(&m.aggregate_id, m.sequence, e);
    }
}

impl Ledger {
    /// The same from a stream.
    pub(crate) fn fold(&mut self, sequence: u64, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(e) => self.see(sequence, event.amounts(), e),
            AccountEvent::Deposited(e) => self.see(sequence, event.amounts(), e),
            AccountEvent::Sent(e) => self.see(sequence, event.amounts(), e),
            AccountEvent::Received(e) => self.see(sequence, event.amounts(), e),
        }
    }
}

impl Total {
    /// The same from a stream.
    pub(crate) fn fold(&mut self, account: &str, sequence: u64, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(e) => {
                self.accounts += 1;
                self.see(account, sequence, e);
            }
            AccountEvent::Deposited(e) => {
                self.from_outside += e.amount;
                self.see(account, sequence, e);
            }
            AccountEvent::Sent(e) => {
                self.sent += e.amount;
                self.see(account, sequence, e);
            }
            AccountEvent::Received(e) => {
                self.received += e.amount;
                self.see(account, sequence, e);
            }
        }
    }
}
