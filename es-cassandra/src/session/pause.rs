use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

const FIRST_PAUSE: Duration = Duration::from_millis(5);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);

/// A random pause, longer with each failure.
pub(crate) fn pause(failures: usize) -> Duration {
    let ceiling = FIRST_PAUSE.saturating_mul(1 << failures.min(16)).min(LONGEST_PAUSE);
    // Every `RandomState` has keys of its own.
    let random = RandomState::new().build_hasher().finish();
    ceiling.mul_f64((random >> 11) as f64 / (1u64 << 53) as f64)
}
