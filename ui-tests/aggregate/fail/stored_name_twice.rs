use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Reopened {
    pub owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened, Reopened))]
pub struct Account {
    balance: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {}
}

impl Apply<Reopened> for Account {
    fn apply(&mut self, _: &Reopened) {}
}

fn main() {}
