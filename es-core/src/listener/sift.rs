use std::sync::Arc;

use crate::{repository::Checkpoint, store::Commit};

/// What is to be done with an aggregate's commits.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Sifted {
    /// The next ones, a gapless chain from the checkpoint on.
    pub(super) take: Vec<Arc<Commit>>,
    /// The ones that come later than what is missing, ascending.
    pub(super) beyond: Vec<Arc<Commit>>,
    /// How many are in the view already.
    pub(super) duplicates: u64,
    /// The first that contradicts the checkpoint: another commit is where it wants to be.
    pub(super) suspect: Option<Arc<Commit>>,
}

/// Compares commits of one aggregate, in any order, with how far its view is.
///
/// Every commit given is in exactly one part of the answer, but that all suspects after the first count as
/// duplicates: once the first is cleared up, so are they.
pub(super) fn sift(at: &Checkpoint, commits: &[Arc<Commit>]) -> Sifted {
    let mut sorted: Vec<&Arc<Commit>> = commits.iter().collect();
    sorted.sort_by_key(|commit| commit.sequence);
    let mut sifted = Sifted::default();
    let (mut applied, mut last) = (at.applied, at.commit_id);
    for commit in sorted {
        let is_next =
            commit.sequence == applied + 1 && commit.parent == last && commit.last_sequence > applied;
        let is_there =
            commit.last_sequence < applied || (commit.last_sequence == applied && Some(commit.id) == last);
        if is_next {
            (applied, last) = (commit.last_sequence, Some(commit.id));
            sifted.take.push(commit.clone());
        } else if is_there {
            sifted.duplicates += 1;
        } else if commit.sequence > applied + 1 {
            // The same one twice is held once.
            if sifted.beyond.last().is_some_and(|held| held.id == commit.id) {
                sifted.duplicates += 1;
            } else {
                sifted.beyond.push(commit.clone());
            }
        } else if sifted.suspect.is_none() {
            sifted.suspect = Some(commit.clone());
        } else {
            sifted.duplicates += 1;
        }
    }
    sifted
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::Codec,
        store::{StreamId, Version, from_millis},
    };
    use proptest::prelude::*;
    use uuid::Uuid;

    fn commit(after: &Version, events: u64, id: u128) -> Arc<Commit> {
        Arc::new(Commit {
            stream: StreamId::new("note", "a"),
            sequence: after.last_sequence() + 1,
            last_sequence: after.last_sequence() + events,
            id: Uuid::from_u128(id),
            parent: after.commit_id(),
            committed_at: from_millis(0),
            codec: Codec::Json,
            events: Default::default(),
            metadata: Default::default(),
        })
    }

    fn chain(sizes: &[u64]) -> Vec<Arc<Commit>> {
        let mut at = Version::EMPTY;
        let numbered = sizes.iter().zip(1..);
        numbered
            .map(|(events, id)| {
                let commit = commit(&at, *events, id);
                at = commit.version();
                commit
            })
            .collect()
    }

    fn checkpoint(commits: &[Arc<Commit>]) -> Checkpoint {
        let last = commits.last();
        Checkpoint {
            applied: last.map_or(0, |c| c.last_sequence),
            commit_id: last.map(|c| c.id),
            parked: None,
        }
    }

    proptest! {
        /// Whatever arrives in whatever order and number: what is taken continues the checkpoint without a
        /// gap, what is next is taken, and nothing of the chain is suspect.
        #[test]
        fn takes_the_next_ones_and_nothing_else(
            sizes in proptest::collection::vec(1u64..4, 1..12),
            applied in 0usize..12,
            picks in proptest::collection::vec(any::<prop::sample::Index>(), 0..30),
        ) {
            let chain = chain(&sizes);
            let applied = applied.min(chain.len());
            let at = checkpoint(&chain[..applied]);
            let given: Vec<_> = picks.iter().map(|pick| pick.get(&chain).clone()).collect();
            let sifted = sift(&at, &given);
            let run = chain[applied..].iter().take_while(|c| given.contains(c)).count();
            prop_assert_eq!(&sifted.take, &chain[applied..applied + run]);
            prop_assert_eq!(sifted.suspect, None);
            let beyond: Vec<_> = chain[applied + run..].iter().filter(|c| given.contains(c)).cloned().collect();
            prop_assert_eq!(&sifted.beyond, &beyond);
            prop_assert_eq!(sifted.duplicates as usize, given.len() - run - beyond.len());
        }
    }

    #[test]
    fn another_commit_at_a_taken_place_is_suspect() {
        let chain = chain(&[2, 2, 2]);
        let at = checkpoint(&chain[..2]);
        let imposter = commit(&chain[0].version(), 2, 99);
        assert_eq!(sift(&at, std::slice::from_ref(&imposter)).suspect, Some(imposter));
        let overlapping = commit(&chain[0].version(), 3, 99);
        assert_eq!(sift(&at, std::slice::from_ref(&overlapping)).suspect, Some(overlapping));
        let orphan = commit(&Version::from_stored(3, 4, Uuid::from_u128(98)), 1, 99);
        let sifted = sift(&at, &[orphan.clone(), chain[2].clone()]);
        assert_eq!((sifted.suspect, sifted.take.len()), (Some(orphan), 1));
    }
}
