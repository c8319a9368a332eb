use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(Serialize, Deserialize)]
pub struct X {
    pub sku: String,
}

fn main() {}
