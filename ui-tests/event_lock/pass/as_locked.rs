use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// As in version 2, and in a lock that has not seen version 3.
#[derive(EventSchema, Serialize, Deserialize)]
pub struct Clerk {
    pub name: String,
    #[serde(rename = "parent")]
    pub above: Option<Box<Clerk>>,
}

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 1)]
pub struct DepositedV1 {
    pub amount: u64,
}

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = DepositedV1)]
pub struct DepositedV2 {
    pub amount: u64,
    pub by: Clerk,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 3, from = DepositedV2)]
pub struct Deposited {
    pub cents: u64,
}

/// Not locked yet.
#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened;

impl From<DepositedV1> for DepositedV2 {
    fn from(past: DepositedV1) -> Self {
        Self { amount: past.amount, by: Clerk { name: String::new(), above: None } }
    }
}
impl From<DepositedV2> for Deposited {
    fn from(past: DepositedV2) -> Self {
        Self { cents: past.amount * 100 }
    }
}

fn main() {}
