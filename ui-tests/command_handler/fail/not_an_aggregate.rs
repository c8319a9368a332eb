use event_sourcing::prelude::*;

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Refused;

#[derive(Default)]
pub struct Account;

pub struct Open;

#[command_handler]
fn open(_: &Account, _: &Open) -> Result<(), Refused> {
    Ok(())
}

fn main() {}
