//! What a repository has to do.

mod apply;
mod generation;
mod keep;
mod race;
mod rows;

pub(super) use apply::large_batches;
pub use apply::*;
pub use generation::*;
pub use keep::*;
pub use race::*;
pub use rows::*;

use std::sync::Arc;

use super::{Counts, Note, Tally, notes::commit};
use crate::{
    feed::Offset,
    projection::Projection,
    repository::{ApplyError, Batch, Checkpoint, DeadLetter, Move, ParkedAggregate, Repository, Row},
    store::{Commit, StreamId, Version},
};

/// What every case asks of a projection of this suite.
pub(super) trait Suite: Projection<Style = crate::projection::style::View> {}
impl<P: Projection<Style = crate::projection::style::View>> Suite for P {}

/// The move that applies `commits`, which follow each other.
pub(super) fn apply_move(commits: &[Arc<Commit>]) -> Move {
    let (first, last) = (&commits[0], &commits[commits.len() - 1]);
    Move {
        stream: first.stream.clone(),
        expected: Checkpoint { applied: first.sequence - 1, ..Checkpoint::default() },
        to: Checkpoint { applied: last.last_sequence, commit_id: Some(last.id), parked: None },
        commits: commits.to_vec(),
    }
}

pub(super) fn batch(moves: impl IntoIterator<Item = Move>) -> Batch {
    Batch { moves: moves.into_iter().collect(), ..Batch::default() }
}

/// A batch of one move that adds `notes` as the first commit of `stream`.
fn first(stream: &StreamId, notes: &[Note]) -> Batch {
    batch([apply_move(&[commit(&Version::EMPTY, stream, notes)])])
}

pub(super) fn offset(partition: &str, offset: i64) -> Offset {
    Offset { partition: partition.into(), offset }
}

pub(super) async fn row<P: Suite>(repository: &impl Repository<P>, key: &str) -> Option<Tally> {
    let bytes = repository.get(key).await.expect("a look at a row")?;
    Some(serde_json::from_slice(&bytes).expect("a row is the view's JSON"))
}

pub(super) async fn checkpoint<P: Suite>(repository: &impl Repository<P>, stream: &StreamId) -> Checkpoint {
    let found = repository.checkpoints(std::slice::from_ref(stream)).await.expect("a checkpoint");
    assert_eq!(found.len(), 1);
    found.into_iter().next().unwrap_or_default()
}

/// The saved offsets, by partition.
pub(super) async fn offsets<P: Suite>(repository: &impl Repository<P>) -> Vec<(String, i64)> {
    let offsets = repository.offsets().await.expect("offsets");
    let mut offsets: Vec<_> = offsets.into_iter().map(|o| (o.partition.to_string(), o.offset)).collect();
    offsets.sort();
    offsets
}

type Everything =
    (Vec<Row>, Vec<Checkpoint>, Vec<StreamId>, Vec<(String, i64)>, Vec<ParkedAggregate>, Vec<DeadLetter>);

/// Everything that a projection has; two of them are equal when nothing was applied between.
async fn everything<P: Suite>(repository: &impl Repository<P>, streams: &[StreamId]) -> Everything {
    (
        repository.list(None, usize::MAX).await.expect("rows"),
        repository.checkpoints(streams).await.expect("checkpoints"),
        repository.streams(None, usize::MAX).await.expect("streams"),
        offsets::<P>(repository).await,
        repository.parked(usize::MAX).await.expect("parked"),
        repository.dead_letters(usize::MAX).await.expect("dead letters"),
    )
}

pub(super) fn tally(count: u64, sum: i64) -> Option<Tally> {
    Some(Tally { count, sum })
}

/// The repository's answer to a batch is that exactly these were elsewhere.
fn assert_moved(outcome: Result<(), ApplyError>, due: &[&StreamId]) {
    match outcome {
        Err(ApplyError::Moved { streams }) => assert_eq!(streams.iter().collect::<Vec<_>>(), due),
        other => panic!("{due:?} were elsewhere, but the answer is {other:?}"),
    }
}

pub(super) async fn open<R: Repository<Counts>>(opened: impl Future<Output = R>) -> R {
    let repository = opened.await;
    repository.prepare().await.expect("ready");
    repository
}
