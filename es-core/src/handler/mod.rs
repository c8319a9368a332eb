//! The command path: load, decide, append; decide again when another writer was first.
//!
//! Each aggregate has a `slot` in a bounded cache. Commands for it queue there; whoever comes first
//! takes a `turn`, in which it decides all that wait, in order, and appends them as one commit. A
//! command on a cached aggregate costs one append and no read.

mod committed;
mod duplicate;
mod error;
mod executor;
mod history;
mod ids;
mod job;
mod load;
mod policy;
mod slot;
mod turn;
mod work;

pub use committed::{Committed, Recorded};
pub use error::{ExecuteError, LoadError};
pub use load::Loaded;
pub use policy::ConflictPolicy;

pub(crate) use executor::{Executor, Runtime};
pub(crate) use history::history;
pub(crate) use policy::jittered;
pub(crate) use work::{AtWork, Work};

use job::Job;
use slot::Slot;
use turn::Turn;
