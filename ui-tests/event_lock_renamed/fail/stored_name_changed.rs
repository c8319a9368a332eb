use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.created")]
pub struct Opened {
    pub owner: String,
}

fn main() {}
