use std::collections::BTreeMap;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub lines: Vec<Line>,
    pub payment: Payment,
    pub tags: BTreeMap<String, Option<(u8, f64)>>,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct Line {
    pub sku: String,
    pub qty: u32,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub enum Payment {
    Cash(u64),
    Card { number: String },
}

fn main() {}
