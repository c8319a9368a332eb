use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use super::{run::Run, work::Work};
use crate::{metrics as names, store::Commit};

/// How far a view is behind what its listener knows of.
pub(super) struct Lag {
    now: Mutex<Unapplied>,
    unapplied: metrics::Gauge,
    seconds: metrics::Gauge,
    age: metrics::Histogram,
}

/// Commits that are not in the view.
#[derive(Clone, Copy, Default)]
pub(super) struct Unapplied {
    pub(super) commits: u64,
    /// When the oldest of them was made.
    oldest: Option<SystemTime>,
}

impl Unapplied {
    /// How old the oldest is; zero where there is none, and where the clock that dated it is ahead of this one.
    pub(super) fn lag(&self) -> Duration {
        self.oldest.map_or(Duration::ZERO, age)
    }
}

fn age(since: SystemTime) -> Duration {
    since.elapsed().unwrap_or_default()
}

impl Lag {
    pub(super) fn new(projection: &'static str) -> Self {
        Self {
            now: Mutex::default(),
            unapplied: metrics::gauge!(names::UNAPPLIED, "projection" => projection),
            seconds: metrics::gauge!(names::LAG, "projection" => projection),
            age: metrics::histogram!(names::COMMIT_AGE, "projection" => projection),
        }
    }

    pub(super) fn now(&self) -> Unapplied {
        *self.now.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A commit is in the view now.
    pub(super) fn applied(&self, commit: &Commit) {
        self.age.record(age(commit.committed_at).as_secs_f64());
    }

    fn set(&self, now: Unapplied) {
        self.unapplied.set(now.commits as f64);
        self.seconds.set(now.lag().as_secs_f64());
        *self.now.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }
}

impl Run {
    /// Measures the lag: what is held, and `works`, which are not applied yet.
    pub(super) fn measure(&self, works: &[Work]) {
        let mut now = Unapplied::default();
        for commit in self.hold.works().chain(works).flat_map(|work| &work.commits) {
            now.commits += 1;
            let at = commit.committed_at;
            now.oldest = Some(now.oldest.map_or(at, |oldest| oldest.min(at)));
        }
        self.shared.lag.set(now);
    }
}
