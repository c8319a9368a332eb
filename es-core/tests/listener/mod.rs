//! What a listener makes of everything that a feed, a store and a database can do to it.

mod control;
mod failures;
mod hints;
mod hostile;
mod offsets;
mod outages;
mod rebuild;
mod shutdown;
mod verify;
pub mod world;
