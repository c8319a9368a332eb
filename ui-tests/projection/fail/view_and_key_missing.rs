use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

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

#[derive(Default, Serialize, Deserialize)]
pub struct Balance {
    pub balance: u64,
}

pub struct Balances;

#[projection("balances")]
impl Balances {
    fn deposited(view: &mut Balance, e: &Deposited) {
        view.balance += e.amount;
    }
}

fn main() {}
