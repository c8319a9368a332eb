use std::sync::atomic::{AtomicU64, Ordering};

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
            applied: count("es_listener_applied_total"),
            duplicates: count("es_listener_duplicates_total"),
            held: count("es_listener_held_total"),
            fetched: count("es_listener_fetched_total"),
            parked: count("es_listener_parked_total"),
            foreign: count("es_listener_foreign_total"),
            malformed: count("es_listener_malformed_total"),
            behind: count("es_listener_behind_total"),
            diverged: count("es_listener_diverged_total"),
        }
    }
}
