use std::collections::{BTreeMap, HashMap};

use tokio::time::Instant;

use super::work::Work;
use crate::{
    feed::{Offset, Partition},
    store::StreamId,
};

/// With this many commits or hints in hand, the feed has to wait.
const MOST_HELD: usize = 16_384;
/// With commits of this many bytes, too: commits may be large.
const MOST_BYTES: usize = 64 << 20;

/// What cannot be applied yet, and how far each partition of the feed is dealt with.
#[derive(Debug, Default)]
pub(super) struct Hold {
    held: HashMap<StreamId, (Work, Instant)>,
    /// Of the last record taken from each partition.
    seen: BTreeMap<Partition, i64>,
    saved: BTreeMap<Partition, i64>,
    /// What was saved since the feed was told.
    news: Vec<Offset>,
}

impl Hold {
    /// Keeps `work` until `due`.
    pub(super) fn keep(&mut self, mut work: Work, due: Instant) {
        work.bound();
        match self.held.get_mut(&work.stream) {
            Some((held, first)) => {
                held.absorb(work);
                held.bound();
                *first = due.min(*first);
            }
            None => {
                self.held.insert(work.stream.clone(), (work, due));
            }
        }
    }

    /// Takes what is kept of `stream`.
    pub(super) fn take(&mut self, stream: &StreamId) -> Option<Work> {
        if self.held.is_empty() {
            return None;
        }
        self.held.remove(stream).map(|(work, _)| work)
    }

    pub(super) fn works(&self) -> impl Iterator<Item = &Work> {
        self.held.values().map(|(work, _)| work)
    }

    /// Takes what is due, `most` of it at a time, what has waited longest first: what is due again at once must not
    /// come before it for ever.
    pub(super) fn take_due(&mut self, now: Instant, most: usize) -> Vec<Work> {
        let due = self.held.iter().filter(|(_, (_, due))| *due <= now);
        let mut due: Vec<(Instant, &StreamId)> = due.map(|(stream, (_, due))| (*due, stream)).collect();
        if due.len() > most {
            due.select_nth_unstable(most);
            due.truncate(most);
        }
        due.sort_unstable();
        let streams: Vec<StreamId> = due.into_iter().map(|(_, stream)| stream.clone()).collect();
        streams.iter().filter_map(|stream| self.take(stream)).collect()
    }

    /// When the next is due.
    pub(super) fn next_due(&self) -> Option<Instant> {
        self.held.values().map(|(_, due)| *due).min()
    }

    /// Whether the feed may bring more.
    pub(super) fn has_room(&self) -> bool {
        let (mut count, mut bytes) = (0, 0);
        for work in self.works() {
            count += work.commits.len().max(1);
            bytes += work.commits.iter().map(|commit| commit.size()).sum::<usize>();
        }
        count < MOST_HELD && bytes < MOST_BYTES
    }

    /// A record was taken from the feed.
    pub(super) fn saw(&mut self, partition: &Partition, offset: i64) {
        match self.seen.get_mut(partition) {
            Some(seen) => *seen = offset.max(*seen),
            None => {
                self.seen.insert(partition.clone(), offset);
            }
        }
    }

    /// Up to where each partition is dealt with, where that is further than what is saved.
    pub(super) fn offsets(&self) -> Vec<Offset> {
        let mut done = self.seen.clone();
        for (partition, first) in self.held.values().flat_map(|(work, _)| &work.offsets) {
            if let Some(done) = done.get_mut(partition) {
                *done = (first - 1).min(*done);
            }
        }
        let news = done.into_iter().filter(|(partition, offset)| {
            // A partition whose very first record is held has nothing to save.
            *offset >= 0 && self.saved.get(partition).is_none_or(|saved| saved < offset)
        });
        news.map(|(partition, offset)| Offset { partition, offset }).collect()
    }

    pub(super) fn offsets_saved(&mut self, offsets: &[Offset]) {
        for Offset { partition, offset } in offsets {
            self.saved.insert(partition.clone(), *offset);
        }
        self.news.extend_from_slice(offsets);
    }

    /// The offsets that were saved since the last call.
    pub(super) fn news(&mut self) -> Vec<Offset> {
        std::mem::take(&mut self.news)
    }

    /// Forgets partitions, and what came from them alone: whoever has them next brings it again.
    pub(super) fn forget(&mut self, partitions: &[Partition]) {
        self.seen.retain(|partition, _| !partitions.contains(partition));
        self.saved.retain(|partition, _| !partitions.contains(partition));
        self.news.retain(|offset| !partitions.contains(&offset.partition));
        self.held.retain(|_, (work, _)| {
            let all = work.offsets.len();
            work.offsets.retain(|(partition, _)| !partitions.contains(partition));
            // What also came from a partition that stays, or from no feed, is still to be done here.
            all == 0 || !work.offsets.is_empty()
        });
    }

    /// The partitions that records came from.
    pub(super) fn partitions(&self) -> Vec<Partition> {
        self.seen.keys().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        event::{Codec, FrameBuilder},
        store::{Commit, Version},
    };

    #[test]
    fn held_records_block_their_partition_and_no_other() {
        let (p, q): (Partition, Partition) = ("p".into(), "q".into());
        let mut hold = Hold::default();
        for offset in 0..=9 {
            hold.saw(&p, offset);
        }
        hold.saw(&q, 4);
        let now = Instant::now();
        let mut work = Work::new(StreamId::new("note", "a"));
        work.came_from(&p, 7);
        work.came_from(&p, 5);
        hold.keep(work, now);
        let offset = |partition: &Partition, offset| Offset { partition: partition.clone(), offset };
        assert_eq!(hold.offsets(), [offset(&p, 4), offset(&q, 4)]);
        hold.offsets_saved(&[offset(&p, 4), offset(&q, 4)]);
        assert_eq!(hold.offsets(), []);
        assert_eq!(hold.take_due(now, 9).len(), 1);
        assert_eq!(hold.offsets(), [offset(&p, 9)]);
    }

    /// One aggregate with large commits leaves room for all others: of its own, the first ones are kept.
    #[test]
    fn an_aggregate_is_kept_up_to_some_bytes() {
        let stream = StreamId::new("note", "a");
        let mut work = Work::new(stream.clone());
        for sequence in (1..=100).rev() {
            let frame = FrameBuilder::new(Codec::Bincode);
            let mut commit = Commit::following(&Version::EMPTY, stream.clone(), Codec::Bincode, frame);
            (commit.sequence, commit.last_sequence) = (sequence, sequence);
            commit.events = vec![0; 200 << 10].into();
            work.add(commit.into());
        }
        let mut hold = Hold::default();
        hold.keep(work, Instant::now());
        let kept = hold.take(&stream).unwrap();
        let sequences: Vec<_> = kept.commits.iter().map(|commit| commit.sequence).collect();
        assert_eq!((sequences, kept.goal), ((1..=6).collect(), 100));
    }

    #[test]
    fn what_has_waited_longest_is_taken_first() {
        let now = Instant::now();
        let mut hold = Hold::default();
        for (id, waited) in [("a", 1), ("b", 3), ("c", 2), ("d", 3)] {
            hold.keep(Work::new(StreamId::new("note", id)), now - std::time::Duration::from_millis(waited));
        }
        hold.keep(Work::new(StreamId::new("note", "e")), now + std::time::Duration::from_millis(1));
        let mut taken = |most| -> Vec<String> {
            hold.take_due(now, most).into_iter().map(|work| work.stream.id.to_string()).collect()
        };
        assert_eq!([taken(3), taken(3), taken(3)], [vec!["b", "d", "c"], vec!["a"], vec![]]);
    }

    #[test]
    fn work_from_a_partition_that_stays_is_not_forgotten() {
        let (p, q): (Partition, Partition) = ("p".into(), "q".into());
        let mut hold = Hold::default();
        hold.saw(&p, 5);
        hold.saw(&q, 3);
        let mut work = Work::new(StreamId::new("note", "a"));
        work.came_from(&p, 5);
        work.came_from(&q, 3);
        hold.keep(work, Instant::now());
        hold.forget(&[p]);
        assert_eq!(hold.offsets(), [Offset { partition: q, offset: 2 }]);
    }

    #[test]
    fn a_partition_whose_first_record_is_held_saves_nothing() {
        let p: Partition = "p".into();
        let mut hold = Hold::default();
        hold.saw(&p, 0);
        let mut work = Work::new(StreamId::new("note", "a"));
        work.came_from(&p, 0);
        hold.keep(work, Instant::now());
        assert_eq!(hold.offsets(), []);
        hold.forget(std::slice::from_ref(&p));
        assert_eq!((hold.next_due(), hold.partitions().len()), (None, 0));
    }
}
