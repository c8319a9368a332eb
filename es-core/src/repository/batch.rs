use std::{sync::Arc, time::SystemTime};
use uuid::Uuid;

use crate::{
    feed::{Offset, Partition},
    store::{Commit, StreamId},
};

/// How far a projection has come with one aggregate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The last sequence that is in the view, 0 for none.
    pub applied: u64,
    /// The commit that ended at `applied`, so that a forked stream shows.
    pub commit_id: Option<Uuid>,
    /// Why the aggregate is set aside, if it is.
    pub parked: Option<Parked>,
}

/// Why an aggregate is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The sequence that failed.
    pub sequence: u64,
    /// What its handler or decoder said.
    pub error: String,
    /// When; whole milliseconds.
    pub at: SystemTime,
}

/// A parked aggregate, as a repository lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParkedAggregate {
    /// Which.
    pub stream: StreamId,
    /// Where its view stands, and why it stays there.
    pub checkpoint: Checkpoint,
}

/// One aggregate's part of a [`Batch`].
#[derive(Clone, Debug)]
pub struct Move {
    /// Which aggregate.
    pub stream: StreamId,
    /// Where its checkpoint must be for the move to happen; only `applied` and whether it is parked count.
    pub expected: Checkpoint,
    /// Where it goes.
    pub to: Checkpoint,
    /// The commits to fold, in order; they end at `to.applied`, unless the move only parks or skips.
    pub commits: Vec<Arc<Commit>>,
}

/// A record that no decoder understands, kept as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeadLetter {
    /// Where it came from.
    pub partition: Partition,
    /// Its place there. A dead letter is found by partition and offset: saving it again changes nothing.
    pub offset: i64,
    /// The record.
    pub bytes: Vec<u8>,
    /// Why it was refused.
    pub reason: String,
}

/// What a listener applies in one transaction.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// At most one per aggregate.
    pub moves: Vec<Move>,
    /// Saved with the view; an offset never goes back.
    pub offsets: Vec<Offset>,
    /// Saved with the view.
    pub dead_letters: Vec<DeadLetter>,
}

impl Batch {
    /// Whether there is nothing to save.
    pub fn is_empty(&self) -> bool {
        self.moves.is_empty() && self.offsets.is_empty() && self.dead_letters.is_empty()
    }
}
