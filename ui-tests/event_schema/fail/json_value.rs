use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct X {
    pub any: Any,
}

/// Such as `serde_json::Value`, which bincode cannot read back.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
pub enum Any {
    Text(String),
    Number(f64),
}

fn main() {}
