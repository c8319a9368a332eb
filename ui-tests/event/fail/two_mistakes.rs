use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("deposited", verion = 2)]
pub struct Deposited(pub u64);

fn main() {}
