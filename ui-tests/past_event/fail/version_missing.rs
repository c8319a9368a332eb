use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited")]
pub struct DepositedV1 {
    pub amount: u64,
}

fn main() {}
