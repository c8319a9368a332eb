use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {
    pub x: X,
}

/// Refers to a type that is not around it.
#[derive(EventSchema, Serialize, Deserialize)]
pub struct X {
    #[event_schema(recursive = Node)]
    pub node: Vec<Node>,
}

#[derive(EventSchema, Serialize, Deserialize)]
pub struct Node {
    pub x: Box<X>,
}

fn main() {}
