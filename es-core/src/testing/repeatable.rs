use std::{cell::Cell, marker::PhantomData};

thread_local! {
    static STATE: Cell<Option<u64>> = const { Cell::new(None) };
}

/// While it lives, what the framework leaves to chance on this thread is decided by a seed: the lengths of pauses.
///
/// With a current-thread runtime whose clock is paused, and backends that do the same each time, a whole App then does
/// the same each time. Ids and times of commits stay those of the machine; nothing is decided by them.
#[must_use = "chance is back when this is dropped"]
#[derive(Debug)]
pub struct Repeatable {
    /// It belongs to its thread.
    thread: PhantomData<*const ()>,
}

/// Makes pauses repeatable; see [`Repeatable`].
pub fn repeatable(seed: u64) -> Repeatable {
    STATE.set(Some(seed));
    Repeatable { thread: PhantomData }
}

impl Drop for Repeatable {
    fn drop(&mut self) {
        let Self { thread: PhantomData } = self;
        STATE.set(None);
    }
}

/// The next number, where a seed decides.
pub(crate) fn drawn() -> Option<u64> {
    // SplitMix64.
    let state = STATE.get()?.wrapping_add(0x9e37_79b9_7f4a_7c15);
    STATE.set(Some(state));
    let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    Some(mixed ^ (mixed >> 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_until_it_is_dropped() {
        let draw = |seed| {
            let _repeatable = repeatable(seed);
            [drawn(), drawn(), drawn()]
        };
        assert_eq!(draw(7), draw(7));
        assert!(draw(7) != draw(8) && draw(7)[0] != draw(7)[1]);
        assert_eq!(drawn(), None);
    }
}
