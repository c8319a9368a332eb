use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct X {
    #[event_schema(ass = u64)]
    pub cents: u64,
}

fn main() {}
