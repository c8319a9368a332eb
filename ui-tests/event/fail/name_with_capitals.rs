use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("Account.Opened")]
pub struct Opened {
    pub owner: String,
}

fn main() {}
