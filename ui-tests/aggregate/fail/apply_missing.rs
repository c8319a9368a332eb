use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
pub struct Deposited {
    pub amount: u64,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened, Deposited))]
pub struct Account {
    balance: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {}
}

fn main() {}
