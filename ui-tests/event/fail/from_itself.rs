use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = Deposited)]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
