use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened))]
pub struct Account {
    balance: u64,
}

impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {}
}

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Refused;

pub struct Open {
    pub owner: String,
}

#[command_handler]
fn open<T>(_: &Account, cmd: &Open) -> Result<Opened, Refused> {
    Ok(Opened { owner: cmd.owner.clone() })
}

fn main() {}
