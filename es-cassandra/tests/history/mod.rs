//! What happened, as everybody saw it, and whether it could be so.

mod buckets;
mod check;
mod long;
mod processes;
mod stale;

pub use processes::assert_linearizable;
