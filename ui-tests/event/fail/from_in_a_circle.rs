use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = DepositedV3)]
pub struct DepositedV2 {
    pub amount: u32,
}

#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 3, from = DepositedV2)]
pub struct DepositedV3 {
    pub amount: u64,
}

impl From<DepositedV2> for DepositedV3 {
    fn from(old: DepositedV2) -> Self {
        Self { amount: old.amount.into() }
    }
}

impl From<DepositedV3> for DepositedV2 {
    fn from(old: DepositedV3) -> Self {
        Self { amount: old.amount as u32 }
    }
}

fn main() {}
