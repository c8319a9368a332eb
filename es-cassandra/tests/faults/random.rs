//! Faults drawn at random.

use std::time::Duration;

use uuid::Uuid;

use super::proxy::{Fate, Kind, Refusal, Request};

/// A small generator, so that a seed says what was drawn.
pub struct Random(u64);

impl Random {
    /// `ES_FAULTS_SEED` repeats what was drawn, though not when.
    pub fn seeded() -> Self {
        let fresh = || Uuid::now_v7().as_u64_pair().1;
        let seed = std::env::var("ES_FAULTS_SEED").map_or_else(|_| fresh(), |seed| seed.parse().unwrap());
        println!("ES_FAULTS_SEED={seed}");
        Self(seed)
    }

    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Writes fail often; reads sometimes, and never by what only writes can suffer.
    pub fn fate(&mut self, request: Request) -> Fate {
        let is_write = matches!(request.kind, Kind::Insert | Kind::Place);
        if self.below(100) >= if is_write { 35 } else { 5 } {
            return Fate::Pass;
        }
        let refusal = Refusal::ALL[self.below(Refusal::ALL.len() as u64) as usize];
        match self.below(13) {
            0 => Fate::CutBefore,
            1 => Fate::CutSent,
            2 => Fate::CutAnswered,
            3 => Fate::Lose,
            4 => Fate::Mute,
            5 => Fate::Late(Duration::from_millis(self.below(800))),
            6 | 7 if is_write => Fate::Hold,
            8 if is_write => Fate::Strand,
            9 | 10 => Fate::Refuse(refusal),
            _ => Fate::RefuseUnseen(refusal),
        }
    }
}
