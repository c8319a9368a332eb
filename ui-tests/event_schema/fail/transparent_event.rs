use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
#[serde(transparent)]
pub struct Placed {
    pub id: u64,
}

fn main() {}
