use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Default, Serialize, Deserialize)]
pub struct Balance {
    pub balance: u64,
}

#[projection("balances", view = Balance, key = String)]
pub struct Balances;

fn main() {}
