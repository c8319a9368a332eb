use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// Both are as they are locked, but for their names.
#[derive(Event, Serialize, Deserialize)]
#[event("account.credited")]
pub struct Debited {
    pub amount: u64,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.debited")]
pub struct Credited {
    pub amount: u64,
}

fn main() {}
