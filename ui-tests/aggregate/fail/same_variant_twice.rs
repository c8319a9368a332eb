use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

pub mod other {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("account.reopened")]
    pub struct Opened {}
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened, other::Opened))]
pub struct Account {
    balance: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {}
}

impl Apply<other::Opened> for Account {
    fn apply(&mut self, _: &other::Opened) {}
}

fn main() {}
