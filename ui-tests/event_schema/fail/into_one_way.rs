use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Clone, Serialize, Deserialize)]
#[serde(into = "u64")]
pub struct X {
    pub cents: u64,
}
impl From<X> for u64 {
    fn from(x: X) -> u64 {
        x.cents
    }
}

fn main() {}
