use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.changed")]
pub enum Changed {
    Opened,
    Closed,
}

fn main() {}
