//! Numbers that look random, the same for each seed.

use std::time::Duration;

pub(super) struct Dice(u64);

impl Dice {
    /// One of the generators of a seed: `which` tells them apart.
    pub(super) fn new(seed: u64, which: u64) -> Self {
        let mut dice = Self(seed ^ which.wrapping_mul(0xd6e8_feb8_6659_fd93));
        dice.next();
        dice
    }

    /// SplitMix64.
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    pub(super) fn below(&mut self, sides: usize) -> usize {
        // The remainder of a number below `sides` fits.
        usize::try_from(self.next() % sides.max(1) as u64).unwrap_or(0)
    }

    pub(super) fn between(&mut self, from: Duration, to: Duration) -> Duration {
        let millis = |time: Duration| usize::try_from(time.as_millis()).unwrap_or(usize::MAX);
        from + Duration::from_millis(self.below(millis(to - from) + 1) as u64)
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            items.swap(at, self.below(at + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_gives_the_same_again_and_others_something_else() {
        let rolls = |seed, which| {
            let mut dice = Dice::new(seed, which);
            (0..20).map(|_| dice.below(1000)).collect::<Vec<_>>()
        };
        assert_eq!(rolls(7, 0), rolls(7, 0));
        assert_ne!(rolls(7, 0), rolls(7, 1));
        assert_ne!(rolls(7, 0), rolls(8, 0));
    }

    #[test]
    fn a_shuffle_keeps_all() {
        let mut items: Vec<_> = (0..50).collect();
        Dice::new(1, 0).shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
    }
}
