use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

// As the error at a changed version 2 may be misread: version 1 is stored as well.
#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 2)]
pub struct DepositedV2 {
    pub amount: u64,
    pub reference: String,
    pub note: Option<String>,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 3, from = DepositedV2)]
pub struct Deposited {
    pub amount: u64,
}
impl From<DepositedV2> for Deposited {
    fn from(past: DepositedV2) -> Self {
        Self { amount: past.amount }
    }
}

fn main() {}
