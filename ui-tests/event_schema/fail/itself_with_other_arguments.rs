use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(EventSchema, Serialize, Deserialize)]
pub struct Money<T> {
    pub amount: T,
    pub was: Option<Box<Money<u8>>>,
}

fn main() {}
