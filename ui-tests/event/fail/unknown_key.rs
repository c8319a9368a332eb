use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", versoin = 2)]
pub struct Deposited {
    pub amount: u64,
}

fn main() {}
