use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// The name was that of another event, years ago.
#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct DoorOpened {
    pub door: u8,
}

fn main() {}
