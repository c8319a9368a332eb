//! Listeners: how commits become views, each exactly once and in its aggregate's order.
//!
//! One listener runs for each projection. It takes the feed's records as hints and compares each with the
//! checkpoint of its aggregate, kept in the view's own database: what is there already is dropped, what comes
//! next is applied, what lies beyond is held for a moment and then fetched from the event store with all that
//! is missing before it. So it does not matter whether the feed repeats, reorders, replays or loses records.
//!
//! `sift` is that comparison, `run` the loop around it, `apply` the one way into
//! the database, `handle` what the rest of the App sees of a listener, and `verify` the comparison with the
//! store that finds what no record shows: the loss of an aggregate's very last commits. `served` is a projection's
//! views with the listener that keeps them, and `rebuild` exchanges both for new ones.

mod apply;
mod control;
mod counts;
mod error;
mod fetch;
mod handle;
mod hold;
mod lag;
mod progress;
mod rebuild;
mod run;
mod served;
mod sift;
mod status;
mod trace;
mod verify;
mod work;

pub use error::ControlError;
pub(crate) use handle::ListenerHandle;
pub use rebuild::{RebuildError, RebuildProgress};
pub(crate) use served::Served;
pub use status::{ListenerState, Part, ProjectionStatus, StopReason};
pub use verify::Verified;

use std::{sync::Arc, time::Duration};

use crate::{projection::FailurePolicy, repository::DynRepository, store::DynStore};

/// What a listener is made of.
#[derive(Clone)]
pub(crate) struct Listener {
    pub(crate) projection: &'static str,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) failure: FailurePolicy,
    pub(crate) repository: Arc<dyn DynRepository>,
    pub(crate) store: Arc<dyn DynStore>,
    /// Of the views that it writes to.
    pub(crate) generation: u32,
    /// How often the views are compared with the store.
    pub(crate) verify_every: Option<Duration>,
}
