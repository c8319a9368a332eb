use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

pub mod events {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("account.opened")]
    pub struct Opened {
        pub owner: String,
    }

    #[derive(Event, Serialize, Deserialize)]
    #[event("account.closed")]
    pub struct Closed;
}
use events::{Closed, Opened};

#[derive(Default, Serialize, Deserialize)]
pub struct Row {
    pub owner: String,
    pub open: u64,
}

pub struct Owners;

#[projection("owners", view = Row, key = String)]
impl Owners {
    fn opened(view: &mut Row, e: &Opened) {
        view.owner = e.owner.clone();
    }
    fn closed(view: &mut Row, _: &Closed) {
        view.open -= 1;
    }
    fn counted(view: &mut Row, _: &events::Opened) {
        view.open += 1;
    }
}

pub struct ByOwner;

#[projection("by_owner", view = Row, key = str)]
impl ByOwner {
    #[on(key = e.owner)]
    fn opened(view: &mut Row, e: &Opened) {
        view.owner = e.owner.clone();
    }
    #[on(key = e.owner)]
    fn counted(view: &mut Row, e: &self::events::Opened) {
        view.open += 1;
    }
}

fn main() {}
