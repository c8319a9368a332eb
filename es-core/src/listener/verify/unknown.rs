//! Streams that views have come from and the event store does not have: it was restored from a backup, or rows were
//! deleted. No look at what it does have finds them.

use std::{
    collections::{HashSet, hash_map::RandomState},
    hash::BuildHasher,
    sync::{Mutex, PoisonError},
};

use futures_util::{StreamExt, TryStreamExt, stream};

use super::{AT_ONCE, PAGE, Verifier};
use crate::{query::QueryError, repository::Checkpoint, store::StreamId};

/// Streams that are remembered at once, in about 18 MiB. Of a store that has more, each verification takes another
/// part, drawn at random.
const MOST: usize = 1 << 20;
/// Streams that the log names, one by one.
const MOST_NAMED: u64 = 20;

/// The streams that the store has been seen to have.
pub(super) struct Known {
    hasher: RandomState,
    seen: Mutex<Seen>,
    most: usize,
}

#[derive(Default)]
struct Seen {
    hashes: HashSet<u64>,
    /// Only hashes that begin with this many zeros are remembered.
    zeros: u32,
}

impl Seen {
    fn takes(&self, hash: u64) -> bool {
        hash.leading_zeros() >= self.zeros
    }
}

impl Known {
    pub(super) fn new() -> Self {
        Self::with_room_for(MOST)
    }

    fn with_room_for(most: usize) -> Self {
        Self { hasher: RandomState::new(), seen: Mutex::default(), most }
    }

    pub(super) fn add<'s>(&self, streams: impl IntoIterator<Item = &'s StreamId>) {
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let seen = &mut *seen;
        for stream in streams {
            let hash = self.hasher.hash_one(stream);
            if seen.takes(hash) {
                seen.hashes.insert(hash);
            }
            while seen.hashes.len() > self.most {
                seen.zeros += 1;
                let zeros = seen.zeros;
                seen.hashes.retain(|hash| hash.leading_zeros() >= zeros);
            }
        }
    }

    /// Whether the store was looked through for this stream, and did not have it.
    fn lacks(&self, stream: &StreamId) -> bool {
        let seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        let hash = self.hasher.hash_one(stream);
        seen.takes(hash) && !seen.hashes.contains(&hash)
    }
}

impl Verifier {
    /// How many streams the views have come from and the store does not have, when all that it has is `known`.
    pub(super) async fn unknown(&self, known: &Known) -> Result<u64, QueryError> {
        let (mut count, mut after) = (0, None);
        loop {
            let page = self.repository.streams(after.as_ref(), PAGE).await?;
            let Some(last) = page.last() else { break };
            after = Some(last.clone());
            let ours = |stream: &StreamId| self.categories.contains(&&*stream.category);
            let lacking: Vec<_> = page.into_iter().filter(|s| ours(s) && known.lacks(s)).collect();
            for (stream, at) in self.confirm(lacking).await? {
                if count < MOST_NAMED {
                    tracing::error!(
                        projection = self.shared.projection, %stream, applied = at.applied, applied_commit = ?at.commit_id,
                        "the view shows a stream that the event store does not have"
                    );
                }
                count += 1;
            }
        }
        if count > MOST_NAMED {
            tracing::error!(
                projection = self.shared.projection,
                streams = count,
                "the view shows this many streams that the event store does not have"
            );
        }
        Ok(count)
    }

    /// Checkpoints first, heads after: what a view shows was in the store before, also of a stream that has begun
    /// since the store was looked through.
    async fn confirm(&self, lacking: Vec<StreamId>) -> Result<Vec<(StreamId, Checkpoint)>, QueryError> {
        if lacking.is_empty() {
            return Ok(Vec::new());
        }
        let checkpoints = self.repository.checkpoints(&lacking).await?;
        // One that was set aside at its first event shows nothing.
        let shown = lacking.into_iter().zip(checkpoints).filter(|(_, at)| at.applied > 0);
        let missing = stream::iter(shown).map(|(stream, at)| async move {
            let head = self.store.head(&stream).await?;
            Ok::<_, QueryError>((head.last_sequence() == 0).then_some((stream, at)))
        });
        let missing: Vec<_> = missing.buffered(AT_ONCE).try_collect().await?;
        Ok(missing.into_iter().flatten().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn streams(from: u32, to: u32) -> Vec<StreamId> {
        (from..to).map(|n| StreamId::new("note", n.to_string())).collect()
    }

    #[test]
    fn what_was_not_added_is_lacking() {
        let known = Known::new();
        known.add(&streams(0, 1000));
        assert!(streams(0, 1000).iter().all(|stream| !known.lacks(stream)));
        assert!(streams(1000, 2000).iter().all(|stream| known.lacks(stream)));
        assert!(known.lacks(&StreamId::new("other", "0")));
    }

    /// Where there is no room for all, a part is looked for, and nothing is said to be lacking that is there.
    #[test]
    fn more_than_there_is_room_for_is_a_part() {
        let found: Vec<usize> = (0..8)
            .map(|_| {
                let known = Known::with_room_for(100);
                streams(0, 1000).chunks(7).for_each(|some| known.add(some));
                assert!(known.seen.lock().unwrap().hashes.len() <= 100);
                assert!(streams(0, 1000).iter().all(|stream| !known.lacks(stream)));
                streams(1000, 2000).iter().filter(|stream| known.lacks(stream)).count()
            })
            .collect();
        // Between an eighth and a sixteenth each; none at all would be a verification that sees nothing.
        assert!(found.iter().all(|count| (10..300).contains(count)), "{found:?}");
    }
}
