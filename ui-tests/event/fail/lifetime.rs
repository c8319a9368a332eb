use event_sourcing::prelude::*;
use serde::Serialize;

#[derive(Event, Serialize)]
#[event("account.opened")]
pub struct Opened<'a> {
    pub owner: &'a str,
}

fn main() {}
