use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event(version = 1)]
pub struct Opened {
    pub owner: String,
}

fn main() {}
