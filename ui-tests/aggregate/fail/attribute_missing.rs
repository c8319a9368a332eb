use event_sourcing::prelude::*;

#[derive(Aggregate, Default)]
pub struct Account {
    balance: u64,
}

fn main() {}
