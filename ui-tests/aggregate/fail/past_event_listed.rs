use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 1)]
pub struct DepositedV1 {
    pub amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(DepositedV1))]
pub struct Account {
    balance: u64,
}

impl Apply<DepositedV1> for Account {
    fn apply(&mut self, _: &DepositedV1) {}
}

fn main() {}
