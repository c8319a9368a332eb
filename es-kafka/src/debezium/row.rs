//! The row that a commit is stored as.

use es_core::{
    event::Codec,
    store::{Commit, StreamId, from_millis},
};
use serde::Deserialize;
use serde_json::value::RawValue;
use uuid::Uuid;

use super::{
    Refused,
    cell::{Blob, Cell, Number, Text},
};

/// The columns of an events table. Those that are added to it later do not matter here.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Row<'a> {
    #[serde(borrow, default)]
    pub(super) aggregate_id: Cell<Text<'a>>,
    #[serde(default)]
    pub(super) sequence: Cell<Number>,
    #[serde(default)]
    last_sequence: Cell<Number>,
    #[serde(default)]
    commit_id: Cell<Uuid>,
    #[serde(default)]
    parent: Cell<Uuid>,
    #[serde(default)]
    committed_at: Cell<Number>,
    #[serde(borrow, default)]
    codec: Cell<Text<'a>>,
    #[serde(default)]
    events: Cell<Blob>,
    #[serde(default)]
    metadata: Cell<Blob>,
}

impl<'a> Row<'a> {
    pub(super) fn read(after: &'a RawValue) -> Result<Self, Refused> {
        serde_json::from_str(after.get()).map_err(Refused::BadRow)
    }

    /// The commit, if every column of it is there and can be read.
    pub(super) fn commit(self, stream: &StreamId, sequence: u64) -> Option<Commit> {
        let last_sequence = u64::try_from(self.last_sequence.value()?.0).ok()?;
        // Exactly the first commit has no parent, so a parent that is not there may be one that was lost.
        let parent = match self.parent {
            Cell::Value(parent) => Some(parent),
            Cell::Absent => None,
            Cell::Bad => return None,
        };
        if last_sequence < sequence || parent.is_none() != (sequence == 1) {
            return None;
        }
        let codec: Codec = self.codec.value()?.0.parse().ok()?;
        let commit = Commit {
            stream: stream.clone(),
            sequence,
            last_sequence,
            id: self.commit_id.value()?,
            parent,
            committed_at: from_millis(self.committed_at.value()?.0),
            codec,
            events: self.events.value()?.0,
            metadata: self.metadata.value()?.0,
        };
        // What is no frame was damaged on the way: the store has it whole.
        commit.check().is_ok().then_some(commit)
    }
}
