//! How many rows to ask for at once.

use std::sync::atomic::{AtomicUsize, Ordering};

use es_core::store::{Limits, Page};

/// About so many bytes of a category's rows at once, however big they are: 256 of the biggest would be more than a
/// node can send in the time of a request.
const PAGE: usize = 8 << 20;
const MOST_ROWS: usize = 256;

/// The size of a category's rows, as those of late show it: the biggest, which is forgotten by half with each page
/// of smaller ones. At first they may be as big as a row can be.
#[derive(Debug)]
pub(super) struct PageSize(AtomicUsize);

impl Default for PageSize {
    fn default() -> Self {
        Self(AtomicUsize::new(Limits::default().commit_bytes))
    }
}

impl PageSize {
    pub(super) fn rows(&self) -> usize {
        (PAGE / self.0.load(Ordering::Relaxed).max(1)).clamp(1, MOST_ROWS)
    }

    /// Learns from what came. Who reads at the same time may undo that: it is an estimate.
    pub(super) fn came(&self, page: &Page) {
        if let Some(biggest) = page.commits.iter().map(|commit| commit.size()).max() {
            self.0.store(biggest.max(self.0.load(Ordering::Relaxed) / 2), Ordering::Relaxed);
        }
    }

    /// Nothing came: it may have been too much. Says whether less can be asked for.
    pub(super) fn failed(&self) -> bool {
        let biggest = Limits::default().commit_bytes;
        self.0.swap(biggest, Ordering::Relaxed) < biggest
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use es_core::{
        event::Codec,
        store::{Commit, StreamId, from_millis},
    };

    use super::*;

    fn page(sizes: &[usize]) -> Page {
        let commits = sizes.iter().zip(1..).map(|(size, sequence)| {
            Arc::new(Commit {
                stream: StreamId::new("account", "a"),
                sequence,
                last_sequence: sequence,
                id: uuid::Uuid::nil(),
                parent: None,
                committed_at: from_millis(0),
                codec: Codec::Json,
                events: vec![0; *size].into(),
                metadata: bytes::Bytes::new(),
            })
        });
        Page { commits: commits.collect(), more: false }
    }

    #[test]
    fn small_rows_come_by_the_page_and_big_ones_by_the_handful() {
        let size = PageSize::default();
        assert_eq!(size.rows(), 16);
        for rows in [32, 64, 128, 256, 256] {
            size.came(&page(&[100, 200]));
            assert_eq!(size.rows(), rows);
        }
        size.came(&page(&[]));
        assert_eq!(size.rows(), 256);
        size.came(&page(&[100, 512 << 10]));
        assert_eq!(size.rows(), 16);
    }

    #[test]
    fn after_a_failure_little_is_asked_for_once() {
        let size = PageSize::default();
        assert!(!size.failed(), "it asked for little already");
        size.came(&page(&[100]));
        assert!(size.failed());
        assert_eq!((size.rows(), size.failed()), (16, false));
    }
}
