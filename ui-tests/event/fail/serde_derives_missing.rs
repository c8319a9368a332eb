use event_sourcing::prelude::*;

#[derive(Event)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

fn main() {}
