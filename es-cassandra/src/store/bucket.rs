//! Which partition of its stream a commit is in.

/// A stream is cut into partitions of so many events: commit *n* is in bucket `(n - 1) / size`, where *n* is the
/// sequence of its first event.
///
/// A commit holds at most a bucket's events. So the buckets of a stream, from 0 to its last one, all have a commit.
#[derive(Clone, Copy, Debug)]
pub(super) struct Buckets {
    size: u64,
}

impl Buckets {
    pub(super) fn of(size: u64) -> Self {
        Self { size }
    }

    /// The bucket of the commit that begins at `sequence`, which is above 0.
    pub(super) fn at(self, sequence: u64) -> u64 {
        sequence.saturating_sub(1) / self.size
    }

    /// The bucket of the commit after one that ends at `last_sequence`.
    pub(super) fn after(self, last_sequence: u64) -> u64 {
        self.at(last_sequence.saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_bucket_is_left_out() {
        for size in 1..7 {
            let buckets = Buckets::of(size);
            // Streams of commits of every length up to a bucket, in every phase.
            for length in 1..=size {
                for first in 1..=size {
                    let (mut last, mut seen) = (first, vec![buckets.at(1)]);
                    for _ in 0..50 {
                        seen.push(buckets.after(last));
                        last += length;
                    }
                    assert!(
                        seen.windows(2).all(|pair| pair[1] - pair[0] <= 1),
                        "{size} {length} {first}: {seen:?}"
                    );
                }
            }
        }
    }
}
