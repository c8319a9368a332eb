use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

pub type X = std::collections::BTreeMap<String, Vec<Line>>;

#[derive(Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
}

fn main() {}
