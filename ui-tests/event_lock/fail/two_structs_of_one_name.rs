use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
    pub limit: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Reopened {
    pub by: String,
}

fn main() {}
