use std::sync::Arc;

use tokio::time::Instant;
use uuid::Uuid;

use crate::{
    feed::Partition,
    store::{Commit, StreamId},
};

/// The most commits of one aggregate that are kept in memory; those beyond are fetched when their turn comes.
const MOST_COMMITS: usize = 256;
/// Nor more bytes of them, before the last one: an aggregate does not take the room of all.
const MOST_BYTES: usize = 1 << 20;

/// What a listener has in hand of one aggregate.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) stream: StreamId,
    /// Commits that are not in the view, as far as is known; in no order.
    pub(super) commits: Vec<Arc<Commit>>,
    /// The sequence that the view has to reach.
    pub(super) goal: u64,
    /// Whether the store has more commits than were fetched.
    pub(super) more: bool,
    /// Where its records are in the feed: the first one of each partition. Nothing from there on is saved as
    /// dealt with before the work is done.
    pub(super) offsets: Vec<(Partition, i64)>,
    pub(super) failing: Option<Failing>,
    /// How many times in a row the store had nothing that helps.
    pub(super) misses: u32,
}

/// An event that the projection could not take.
#[derive(Debug)]
pub(super) struct Failing {
    pub(super) sequence: u64,
    pub(super) error: String,
    /// How many times it failed.
    pub(super) attempts: u32,
    /// Whether trying again could help.
    pub(super) retry: bool,
    /// When it is tried again; until then only what comes before it is.
    pub(super) due: Instant,
}

impl Work {
    pub(super) fn new(stream: StreamId) -> Self {
        Self {
            stream,
            commits: Vec::new(),
            goal: 0,
            more: false,
            offsets: Vec::new(),
            failing: None,
            misses: 0,
        }
    }

    /// Takes in a record at `offset` of `partition`.
    pub(super) fn came_from(&mut self, partition: &Partition, offset: i64) {
        match self.offsets.iter_mut().find(|(p, _)| p == partition) {
            Some((_, first)) => *first = offset.min(*first),
            None => self.offsets.push((partition.clone(), offset)),
        }
    }

    pub(super) fn add(&mut self, commit: Arc<Commit>) {
        self.goal = self.goal.max(commit.last_sequence);
        self.commits.push(commit);
    }

    /// Forgets a commit that the event store does not know.
    pub(super) fn drop_commit(&mut self, id: Uuid) {
        let was_goal = self.commits.iter().any(|commit| commit.id == id && commit.last_sequence == self.goal);
        self.commits.retain(|commit| commit.id != id);
        if was_goal {
            self.goal = self.commits.iter().map(|commit| commit.last_sequence).max().unwrap_or(0);
        }
    }

    /// Everything of `other`, which is of the same aggregate.
    pub(super) fn absorb(&mut self, other: Self) {
        self.goal = self.goal.max(other.goal);
        self.commits.extend(other.commits);
        self.more |= other.more;
        for (partition, offset) in &other.offsets {
            self.came_from(partition, *offset);
        }
        self.failing = self.failing.take().or(other.failing);
        self.misses = self.misses.max(other.misses);
    }

    /// Keeps the first commits, and remembers of the others only that they are to be reached.
    pub(super) fn bound(&mut self) {
        let bytes: usize = self.commits.iter().map(|commit| commit.size()).sum();
        if self.commits.len() <= MOST_COMMITS && bytes <= MOST_BYTES {
            return;
        }
        self.commits.sort_by_key(|commit| commit.sequence);
        self.commits.truncate(MOST_COMMITS);
        let mut before = 0;
        self.commits.retain(|commit| {
            let fits = before < MOST_BYTES;
            before += commit.size();
            fits
        });
    }
}
