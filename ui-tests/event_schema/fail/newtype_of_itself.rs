use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct X(pub Vec<X>);

fn main() {}
