use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct X {
    #[serde(rename(serialize = "qty"))]
    pub quantity: u32,
}

fn main() {}
