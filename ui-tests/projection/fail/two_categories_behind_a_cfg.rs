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

#[derive(Event, Serialize, Deserialize)]
#[event("order.shipped")]
pub struct Shipped;

pub struct Owners;

#[projection("owners", view = Row, key = String)]
impl Owners {
    #[cfg(any())]
    fn gone(view: &mut Row, _: &Gone) {}
    #[cfg(all())]
    fn opened(view: &mut Row, e: &Opened) {
        view.owner = e.owner.clone();
    }
    fn closed(view: &mut Row, _: &Closed) {
        view.open -= 1;
    }
    #[cfg(all())]
    fn shipped(view: &mut Row, _: &Shipped) {
        view.open += 1;
    }
}

fn main() {}
