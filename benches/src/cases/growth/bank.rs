//! The same account, which keeps snapshots.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::bank::{Deposit, TooRich};

#[derive(Event, Serialize, Deserialize)]
#[event("kept_account.deposited")]
pub(super) struct KeptDeposited {
    amount: u64,
    reference: String,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("kept_account", id = String, events(KeptDeposited), snapshot(every = 100))]
pub(super) struct KeptAccount {
    pub(super) balance: u64,
}

impl Apply<KeptDeposited> for KeptAccount {
    fn apply(&mut self, event: &KeptDeposited) {
        self.balance += event.amount;
    }
}

/// A command belongs to one aggregate.
pub(super) struct KeptDeposit(pub(super) Deposit);

#[command_handler]
fn deposit(account: &KeptAccount, cmd: &KeptDeposit) -> Result<KeptDeposited, TooRich> {
    let Deposit { amount, reference } = &cmd.0;
    require!(account.balance.checked_add(*amount).is_some(), TooRich);
    Ok(KeptDeposited { amount: *amount, reference: reference.clone() })
}
