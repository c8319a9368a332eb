use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened))]
pub struct Account<T> {
    limit: T,
}

impl<T> Apply<Opened> for Account<T> {
    fn apply(&mut self, _: &Opened) {}
}

fn main() {}
