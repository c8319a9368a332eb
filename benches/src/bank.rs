//! The account whose commands are measured, as a user of the framework writes it.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// The text of every deposit: the event's fields take 100 bytes.
const REFERENCE: &str =
    "Invoice 2026-004711 of 14 March, paid by standing order; second reminder withdrawn, thank you all.";

/// What each deposit adds.
pub(crate) const AMOUNT: u64 = 5;

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
pub(crate) struct Deposited {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Deposited))]
pub(crate) struct Account {
    pub(crate) balance: u64,
    pub(crate) deposits: u64,
}

impl Apply<Deposited> for Account {
    fn apply(&mut self, event: &Deposited) {
        self.balance += event.amount;
        self.deposits += 1;
    }
}

#[derive(Debug, thiserror::Error)]
#[error("the balance would leave 64 bits")]
pub(crate) struct TooRich;

pub(crate) struct Deposit {
    pub(crate) amount: u64,
    pub(crate) reference: String,
}

impl Deposit {
    /// The one that every case sends. It owns its text, as one that came over the network does.
    pub(crate) fn sample() -> Self {
        Self { amount: AMOUNT, reference: REFERENCE.to_owned() }
    }
}

#[command_handler]
pub(crate) fn deposit(account: &Account, cmd: &Deposit) -> Result<Deposited, TooRich> {
    require!(account.balance.checked_add(cmd.amount).is_some(), TooRich);
    Ok(Deposited { amount: cmd.amount, reference: cmd.reference.clone() })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_event_takes_100_bytes() {
        let event = deposit(&Account::default(), &Deposit::sample()).unwrap();
        let mut bytes = Vec::new();
        Codec::Bincode.encode(&event, &mut bytes).unwrap();
        assert_eq!(bytes.len(), 100);
    }
}
