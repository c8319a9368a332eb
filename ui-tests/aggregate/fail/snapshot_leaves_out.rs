use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = String, events(Opened), snapshot(every = 100))]
pub struct Account {
    #[serde(rename = "sum")]
    balance: u64,
    #[serde(skip)]
    opened: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    limit: Option<u64>,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.opened += 1;
    }
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("door", id = String, events(Unlocked), snapshot(every = 100))]
pub enum Door {
    #[default]
    Shut,
    #[serde(skip)]
    Open,
    Ajar(#[serde(skip_deserializing)] u8),
}

#[derive(Event, Serialize, Deserialize)]
#[event("door.unlocked")]
pub struct Unlocked;

impl Apply<Unlocked> for Door {
    fn apply(&mut self, _: &Unlocked) {
        *self = Self::Open;
    }
}

/// Without snapshots, serde's attributes are nobody's business.
#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("door", id = String, events(Unlocked))]
pub struct Free {
    #[serde(skip)]
    opened: u32,
}

impl Apply<Unlocked> for Free {
    fn apply(&mut self, _: &Unlocked) {
        self.opened += 1;
    }
}

fn main() {}
