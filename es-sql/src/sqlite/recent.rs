//! The newest commits that this process wrote, so that its own listeners need not read them back.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use es_core::store::Commit;

/// The most commits, and about the most bytes, that are kept.
const MOST: usize = 8192;
const MOST_BYTES: usize = 16 << 20;

/// Commits at positions without a gap: what lies between the first and the last is all there is in the file.
#[derive(Debug, Default)]
pub(crate) struct Recent(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    commits: VecDeque<Arc<Commit>>,
    /// Of the first one.
    first: i64,
    bytes: usize,
}

impl Recent {
    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds what a transaction stored from position `first` on.
    pub(crate) fn push(&self, first: i64, commits: impl Iterator<Item = Arc<Commit>>) {
        let mut inner = self.lock();
        if inner.first + inner.commits.len() as i64 != first {
            // Another process wrote in between.
            *inner = Inner { first, ..Inner::default() };
        }
        for commit in commits {
            inner.bytes += commit.size();
            inner.commits.push_back(commit);
        }
        while inner.commits.len() > MOST || inner.bytes > MOST_BYTES {
            let Some(oldest) = inner.commits.pop_front() else { break };
            inner.bytes -= oldest.size();
            inner.first += 1;
        }
    }

    /// The commits after position `after`, at most `limit` of them, if the next one is here.
    pub(crate) fn after(&self, after: i64, limit: usize) -> Option<Vec<Arc<Commit>>> {
        let inner = self.lock();
        let skip = usize::try_from(after.checked_add(1)?.checked_sub(inner.first)?).ok()?;
        let found: Vec<_> = inner.commits.iter().skip(skip).take(limit).cloned().collect();
        (!found.is_empty()).then_some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use es_core::{
        event::Codec,
        store::{StreamId, from_millis},
    };

    fn commit(sequence: u64, bytes: usize) -> Arc<Commit> {
        Arc::new(Commit {
            stream: StreamId::new("note", "a"),
            sequence,
            last_sequence: sequence,
            id: uuid::Uuid::from_u128(sequence.into()),
            parent: None,
            committed_at: from_millis(0),
            codec: Codec::Json,
            events: vec![0; bytes].into(),
            metadata: Default::default(),
        })
    }

    fn shown(recent: &Recent, after: i64, limit: usize) -> Option<Vec<u64>> {
        Some(recent.after(after, limit)?.iter().map(|commit| commit.sequence).collect())
    }

    #[test]
    fn gives_what_follows_and_nothing_across_a_gap() {
        let recent = Recent::default();
        assert_eq!(shown(&recent, 0, 9), None);
        recent.push(5, [commit(5, 1), commit(6, 1)].into_iter());
        recent.push(7, [commit(7, 1)].into_iter());
        assert_eq!(shown(&recent, 3, 9), None, "position 4 may be somebody else's");
        assert_eq!(shown(&recent, 4, 9), Some(vec![5, 6, 7]));
        assert_eq!(shown(&recent, 5, 1), Some(vec![6]));
        assert_eq!(shown(&recent, 7, 9), None);
        recent.push(9, [commit(9, 1)].into_iter());
        assert_eq!((shown(&recent, 6, 9), shown(&recent, 8, 9)), (None, Some(vec![9])));
        assert_eq!(shown(&recent, i64::MAX, 9), None);
    }

    #[test]
    fn is_bounded_in_number_and_bytes() {
        let recent = Recent::default();
        recent.push(1, (1..=MOST as u64 + 10).map(|n| commit(n, 1)));
        assert_eq!((shown(&recent, 9, 1), shown(&recent, 10, 1)), (None, Some(vec![11])));
        recent.push(MOST as i64 + 11, [commit(1, MOST_BYTES - 2), commit(2, 1)].into_iter());
        assert_eq!(recent.lock().commits.len(), 2 + 1);
        assert_eq!(recent.lock().bytes, MOST_BYTES);
    }
}
