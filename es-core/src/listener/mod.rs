//! Listeners: how commits become views, each exactly once and in its aggregate's order.
//!
//! One listener runs for each projection. It takes the feed's records as hints and compares each with the
//! checkpoint of its aggregate, kept in the view's own database: what is there already is dropped, what comes
//! next is applied, what lies beyond is held for a moment and then fetched from the event store with all that
//! is missing before it. So it does not matter whether the feed repeats, reorders, replays or loses records.
//!
//! `sift` is that comparison, `run` the loop around it, `apply` the one way into
//! the database, and `handle` what the rest of the App sees of a listener.

mod apply;
mod counts;
mod error;
mod fetch;
mod handle;
mod hold;
mod progress;
mod run;
mod sift;
mod status;
mod work;

pub use error::ControlError;
pub(crate) use handle::ListenerHandle;
pub use status::{ListenerState, ProjectionStatus, StopReason};

use std::sync::Arc;

use crate::{projection::FailurePolicy, repository::DynRepository, store::DynStore};

/// What a listener is made of.
pub(crate) struct Listener {
    pub(crate) projection: &'static str,
    pub(crate) categories: Vec<&'static str>,
    pub(crate) failure: FailurePolicy,
    pub(crate) repository: Arc<dyn DynRepository>,
    pub(crate) store: Arc<dyn DynStore>,
}
