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

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
pub struct Placed {}

#[derive(Aggregate, Default)]
#[aggregate("order", id = u64, events(Placed))]
pub struct Order {}

impl Apply<Placed> for Order {
    fn apply(&mut self, _: &Placed) {}
}

#[command_handler]
fn open(_: &Account, cmd: &Open, _: &CommandContext<Order>) -> Result<Opened, Refused> {
    Ok(Opened { owner: cmd.owner.clone() })
}

fn main() {}
