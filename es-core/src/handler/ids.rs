use std::sync::Arc;
use uuid::Uuid;

/// Which commands an aggregate has done, compactly: for each id 32 bits of it, and where its commit is.
///
/// A hit is only a candidate, confirmed by reading that one commit, which the reply to a duplicate needs
/// anyway. So there is no horizon after which a repeated command is done again, at 8 bytes a command.
///
/// Kept like a log-structured merge tree: new entries wait unsorted, full blocks become sorted runs, and runs
/// of equal size are merged. Runs are shared: a copy for a snapshot costs next to nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct CommandIds {
    recent: Vec<u64>,
    runs: Vec<Arc<[u64]>>,
}

const BLOCK: usize = 64;
const FORMAT: u8 = 1;

/// The random end of the id above the low half of its commit's sequence.
fn entry(id: Uuid, sequence: u64) -> u64 {
    (hash(id) << 32) | (sequence & 0xffff_ffff)
}

/// 32 bits that differ between ids also when these count upwards or share a time stamp.
fn hash(id: Uuid) -> u64 {
    let (high, low) = id.as_u64_pair();
    let mixed = (high ^ low.rotate_left(32)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    (mixed ^ low.wrapping_mul(0xc2b2_ae3d_27d4_eb4f)).wrapping_mul(0x1656_67b1_9e37_79f9) >> 32
}

impl CommandIds {
    pub(super) fn insert(&mut self, id: Uuid, sequence: u64) {
        self.recent.push(entry(id, sequence));
        if self.recent.len() == BLOCK {
            let mut run = std::mem::take(&mut self.recent);
            run.sort_unstable();
            while let Some(last) = self.runs.pop_if(|last| last.len() <= run.len()) {
                run.extend_from_slice(&last);
                // Stable, because that one merges what is sorted already.
                run.sort();
            }
            self.runs.push(run.into());
        }
    }

    /// The first sequences of the commits, up to `head`, that may hold command `id`.
    pub(super) fn candidates(&self, id: Uuid, head: u64) -> Vec<u64> {
        let hash = hash(id);
        let mut found: Vec<u64> = self.recent.iter().copied().filter(|e| e >> 32 == hash).collect();
        for run in &self.runs {
            let start = run.partition_point(|e| e >> 32 < hash);
            found.extend(run[start..].iter().copied().take_while(|e| e >> 32 == hash));
        }
        // Only the low half of a sequence is kept: for a stream of more than four thousand million events,
        // every sequence that ends alike.
        found.iter().flat_map(|e| ((e & 0xffff_ffff)..=head).step_by(1 << 32)).collect()
    }

    /// For a snapshot.
    pub(super) fn encode(&self) -> Vec<u8> {
        let entries = self.runs.iter().flat_map(|run| run.iter()).chain(&self.recent);
        let count = self.recent.len() + self.runs.iter().map(|run| run.len()).sum::<usize>();
        let mut out = Vec::with_capacity(1 + 8 * count);
        out.push(FORMAT);
        out.extend(entries.flat_map(|e| e.to_le_bytes()));
        out
    }

    /// From a snapshot; `None` if these bytes are of another format.
    pub(super) fn decode(bytes: &[u8]) -> Option<Self> {
        let (&[FORMAT], entries) = bytes.split_first_chunk::<1>()? else { return None };
        let (entries, []) = entries.as_chunks::<8>() else { return None };
        let mut run: Vec<u64> = entries.iter().map(|e| u64::from_le_bytes(*e)).collect();
        run.sort_unstable();
        Some(Self { recent: Vec::new(), runs: if run.is_empty() { Vec::new() } else { vec![run.into()] } })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_inserted_id_is_a_candidate_also_after_a_snapshot(
            ids in proptest::collection::vec(any::<u128>(), 0..700), cut in 0usize..700,
        ) {
            let mut kept = CommandIds::default();
            for (n, id) in ids.iter().enumerate() {
                if n == cut {
                    kept = CommandIds::decode(&kept.encode()).expect("its own format");
                }
                kept.insert(Uuid::from_u128(*id), n as u64 + 1);
            }
            for (n, id) in ids.iter().enumerate() {
                let found = kept.candidates(Uuid::from_u128(*id), ids.len() as u64);
                prop_assert!(found.contains(&(n as u64 + 1)));
            }
        }

        #[test]
        fn foreign_bytes_are_a_miss_not_a_panic(bytes in proptest::collection::vec(any::<u8>(), 0..64)) {
            let _ = CommandIds::decode(&bytes);
        }
    }

    #[test]
    fn ids_that_count_upwards_do_not_collide() {
        let mut kept = CommandIds::default();
        for n in 0..20_000u64 {
            kept.insert(Uuid::from_u128(u128::from(n)), n + 1);
        }
        let false_hits =
            (20_000..40_000u128).filter(|n| !kept.candidates(Uuid::from_u128(*n), 20_000).is_empty());
        assert!(
            false_hits.count() < 20,
            "20,000 of 2^32 hashes are taken: a hit in 20,000 tries is unlikely"
        );
    }

    #[test]
    fn a_sequence_beyond_32_bits_is_found() {
        let mut kept = CommandIds::default();
        let far = (3u64 << 32) + 7;
        kept.insert(Uuid::from_u128(9), far);
        assert_eq!(kept.candidates(Uuid::from_u128(9), far), [7, (1 << 32) + 7, (2 << 32) + 7, far]);
    }
}
