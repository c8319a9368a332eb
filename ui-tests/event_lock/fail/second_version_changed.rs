use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 1)]
pub struct DepositedV1 {
    pub amount: u64,
    pub reference: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = DepositedV1)]
pub struct Deposited {
    pub amount: u64,
    pub reference: String,
    pub note: Option<String>,
    pub by: String,
}
impl From<DepositedV1> for Deposited {
    fn from(past: DepositedV1) -> Self {
        Self { amount: past.amount, reference: past.reference, note: None, by: String::new() }
    }
}

fn main() {}
