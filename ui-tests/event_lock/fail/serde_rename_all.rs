use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
#[serde(rename_all = "UPPERCASE")]
pub struct Opened {
    pub owner: String,
    pub limit: u32,
}

fn main() {}
