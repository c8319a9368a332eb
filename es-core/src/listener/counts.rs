use std::sync::atomic::{AtomicU64, Ordering};

use crate::metrics as names;

/// One count, for [`ProjectionStatus`](super::ProjectionStatus) and as a metric.
pub(super) struct Count {
    here: AtomicU64,
    metric: metrics::Counter,
}

impl Count {
    pub(super) fn add(&self, n: u64) {
        if n > 0 {
            self.here.fetch_add(n, Ordering::Relaxed);
            self.metric.increment(n);
        }
    }

    pub(super) fn get(&self) -> u64 {
        self.here.load(Ordering::Relaxed)
    }
}

/// What a listener counts.
pub(super) struct Counts {
    pub(super) applied: Count,
    pub(super) duplicates: Count,
    pub(super) held: Count,
    pub(super) fetched: Count,
    pub(super) retries: Count,
    pub(super) parked: Count,
    pub(super) foreign: Count,
    pub(super) malformed: Count,
    pub(super) behind: Count,
    pub(super) diverged: Count,
}

impl Counts {
    pub(super) fn new(projection: &'static str) -> Self {
        let count = |name: &'static str| Count {
            here: AtomicU64::new(0),
            metric: metrics::counter!(name, "projection" => projection),
        };
        Self {
            applied: count(names::APPLIED),
            duplicates: count(names::DUPLICATES),
            held: count(names::HELD),
            fetched: count(names::FETCHED),
            retries: count(names::LISTENER_RETRIES),
            parked: count(names::PARKED),
            foreign: count(names::FOREIGN),
            malformed: count(names::MALFORMED),
            behind: count(names::BEHIND),
            diverged: count(names::DIVERGED),
        }
    }
}
