use event_sourcing::prelude::*;

#[command_handler]
pub struct Open {
    pub owner: String,
}

fn main() {}
