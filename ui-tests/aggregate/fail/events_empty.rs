use event_sourcing::prelude::*;

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events())]
pub struct Account {
    balance: u64,
}

fn main() {}
