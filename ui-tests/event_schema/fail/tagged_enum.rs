use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Serialize, Deserialize)]
#[serde(tag = "type")]
pub enum X {
    Cash { amount: u64 },
}

fn main() {}
