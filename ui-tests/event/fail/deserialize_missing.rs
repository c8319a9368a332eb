use event_sourcing::prelude::*;
use serde::Serialize;

#[derive(Event, Serialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

fn main() {}
