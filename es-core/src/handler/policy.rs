use std::{
    hash::{BuildHasher, Hasher, RandomState},
    time::Duration,
};

/// What happens when another process committed to the aggregate first.
///
/// Each time only the tail is read, the command is decided again, and after a growing, random pause it is
/// appended again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConflictPolicy {
    /// How many appends may be refused before the command fails with
    /// [`Contended`](super::ExecuteError::Contended).
    pub attempts: u32,
    /// The longest pause before the second append; it doubles with each further one.
    pub first_pause: Duration,
    /// No pause is longer.
    pub longest_pause: Duration,
}

impl Default for ConflictPolicy {
    /// 32 attempts, pauses up to 1 ms, doubling up to 50 ms.
    fn default() -> Self {
        Self { attempts: 32, first_pause: Duration::from_millis(1), longest_pause: Duration::from_millis(50) }
    }
}

impl ConflictPolicy {
    /// A random pause after the refusal number `refused`, which counts from 1.
    pub(super) fn pause(&self, refused: u32) -> Duration {
        jittered(self.first_pause, self.longest_pause, refused)
    }
}

/// A random pause up to `first` doubled for each of the failures after the first, up to `longest`.
pub(crate) fn jittered(first: Duration, longest: Duration, failures: u32) -> Duration {
    let doubled = first.saturating_mul(1u32.checked_shl(failures.saturating_sub(1)).unwrap_or(u32::MAX));
    let ceiling = doubled.min(longest);
    ceiling.mul_f64((random() >> 11) as f64 / (1u64 << 53) as f64)
}

fn random() -> u64 {
    #[cfg(feature = "testing")]
    if let Some(drawn) = crate::testing::drawn() {
        return drawn;
    }
    // Every `RandomState` has keys of its own: randomness enough to keep two processes from marching in step.
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_double_up_to_the_longest_and_are_spread_over_all_below() {
        let policy = ConflictPolicy::default();
        for refused in 1..=40 {
            let ceiling = Duration::from_millis(1 << (refused - 1).min(20)).min(policy.longest_pause);
            let pauses: Vec<_> = (0..200).map(|_| policy.pause(refused)).collect();
            assert!(pauses.iter().all(|pause| *pause <= ceiling), "{refused}: {pauses:?}");
            for quarter in 0..4 {
                let (low, high) = (ceiling * quarter / 4, ceiling * (quarter + 1) / 4);
                assert!(
                    pauses.iter().any(|p| (low..=high).contains(p)),
                    "{refused}: none in {low:?}..{high:?}"
                );
            }
        }
    }

    #[test]
    fn no_policy_makes_it_overflow() {
        for longest in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
            for first in [Duration::ZERO, Duration::from_nanos(1), Duration::MAX] {
                for refused in [0, 1, 2, 32, 33, 34, u32::MAX] {
                    assert!(jittered(first, longest, refused) <= longest);
                }
            }
        }
    }
}
