use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// What debits an account is not the next version of what credits one.
#[derive(Event, Serialize, Deserialize)]
#[event("account.credited", version = 2, from = Credited)]
pub struct Debited {
    pub amount: u64,
}

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.credited", version = 1)]
pub struct Credited {
    pub amount: u64,
}

impl From<Credited> for Debited {
    fn from(past: Credited) -> Self {
        Self { amount: past.amount }
    }
}

fn main() {}
