use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

pub struct Money {
    pub cents: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
pub struct Deposited {
    pub amount: Money,
}

fn main() {}
