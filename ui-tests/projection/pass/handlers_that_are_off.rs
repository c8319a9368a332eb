//! Handlers that are not compiled, and whose events are not there, wherever they stand.
#![deny(warnings)]

use event_sourcing::{
    projection::{Projection, ViewProjection},
    prelude::*,
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.closed")]
pub struct Closed {
    pub owner: String,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Row {
    pub open: u64,
}

pub struct Accounts;

#[projection("accounts", view = Row, key = String)]
impl Accounts {
    #[cfg(any())]
    fn audited(view: &mut Row, _: &Audited) {
        view.open = 0;
    }
    #[cfg(all())]
    fn opened(view: &mut Row, _: &Opened) {
        view.open += 1;
    }
    #[cfg(all(),)]
    #[cfg(any())]
    fn frozen(view: &mut Row, _: &Frozen) {
        view.open = 0;
    }
    fn closed(view: &mut Row, _: &Closed) {
        view.open -= 1;
    }
}

pub struct ByOwner;

#[projection("by_owner", view = Row, key = str)]
impl ByOwner {
    #[cfg(any())]
    #[on(key = e.owner)]
    fn audited(view: &mut Row, e: &Audited) {}
    #[on(key = e.owner)]
    fn opened(view: &mut Row, e: &Opened) {
        view.open += 1;
    }
}

/// The only one that is left.
pub struct Few;

#[projection("few", view = Row, key = String)]
impl Few {
    fn opened(view: &mut Row, _: &Opened) {
        view.open += 1;
    }
    #[cfg(any())]
    fn audited(view: &mut Row, _: &Audited) {
        view.open = 0;
    }
}

fn main() {
    assert_eq!(Accounts::SUBSCRIPTIONS.len(), 2);
    assert_eq!(ByOwner::SUBSCRIPTIONS.len(), 1);
    assert_eq!(Few::SUBSCRIPTIONS.len(), 1);
    assert!(!<Accounts as ViewProjection>::USES_METADATA);
}
