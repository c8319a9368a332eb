use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
#[serde(tag = "type")]
pub struct Deposited {
    pub amount: u64,
    #[serde(flatten)]
    pub source: Source,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct Source {
    pub iban: String,
}

fn main() {}
