use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use super::{ViewProjection, ViewRow};
use crate::{
    event::{DecodeError, Metadata},
    repository::{ApplyError, Batch, Move, RepositoryError, Row, ViewTransaction},
    store::{BoxError, Commit, StreamId},
};

struct Step<I> {
    /// Index into `FoldPlan::keys`.
    row: usize,
    input: I,
    metadata: Metadata,
}

/// A batch decoded for one projection, ready to be folded inside a transaction.
///
/// The one write path of repositories with multi-row transactions: decode before the transaction opens, then
/// move the checkpoints (the fence against a listener that lost its partition), lock the rows in key order,
/// fold, write, save offsets, commit.
pub struct FoldPlan<'a, P: ViewProjection> {
    projection: &'a P,
    batch: &'a Batch,
    keys: Vec<String>,
    steps: Vec<Step<P::Input>>,
}

impl<P: ViewProjection> std::fmt::Debug for FoldPlan<'_, P> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FoldPlan")
            .field("keys", &self.keys)
            .field("steps", &self.steps.len())
            .finish_non_exhaustive()
    }
}

impl<'a, P: ViewProjection> FoldPlan<'a, P> {
    /// Decodes the batch's events and finds the rows they belong to.
    pub fn new(projection: &'a P, batch: &'a Batch) -> Result<Self, ApplyError> {
        let mut rows = BTreeMap::new();
        let mut steps = Vec::new();
        let mut key = String::new();
        for (stream_move, commit) in batch.moves.iter().flat_map(|m| m.commits.iter().map(move |c| (m, c))) {
            decode_commit(projection, stream_move, commit, |input, metadata| {
                key.clear();
                projection.key(&input, &metadata, &mut key);
                let row = match rows.get(&key) {
                    Some(row) => *row,
                    None => {
                        let row = rows.len();
                        rows.insert(key.clone(), row);
                        row
                    }
                };
                steps.push(Step { row, input, metadata });
            })?;
        }
        // From order of appearance to key order, in which rows are locked.
        let mut place = vec![0; rows.len()];
        let mut keys = Vec::with_capacity(rows.len());
        for (at, (key, row)) in rows.into_iter().enumerate() {
            place[row] = at;
            keys.push(key);
        }
        for step in &mut steps {
            step.row = place[step.row];
        }
        Ok(Self { projection, batch, keys, steps })
    }

    /// Applies the plan in `tx` and commits it. On an error nothing is applied.
    pub async fn run<T: ViewTransaction>(self, mut tx: T) -> Result<(), ApplyError> {
        let moves = &self.batch.moves;
        if !moves.is_empty() {
            let elsewhere = tx.move_checkpoints(moves).await?;
            if !elsewhere.is_empty() {
                let streams = elsewhere.into_iter().map(|i| moves[i].stream.clone()).collect();
                return Err(ApplyError::Moved { streams });
            }
        }
        if !self.steps.is_empty() {
            let stored = tx.lock_rows(&self.keys).await?;
            let rows = self.fold(stored)?;
            tx.save_rows(&rows).await?;
        }
        tx.save_offsets(self.batch).await?;
        Ok(tx.commit().await?)
    }

    fn fold(&self, stored: Vec<Option<Vec<u8>>>) -> Result<Vec<Row>, ApplyError> {
        let mut views = Vec::with_capacity(stored.len());
        for (key, bytes) in self.keys.iter().zip(stored) {
            views.push(match bytes {
                None => P::View::empty(),
                Some(bytes) => P::View::from_json(&bytes).map_err(|e| corrupt::<P>(key, &e))?,
            });
        }
        for step in &self.steps {
            let view = &mut views[step.row];
            fold_one(self.projection, view, &step.input, &step.metadata)?;
        }
        let encoded = self.keys.iter().zip(&views).enumerate().map(|(row, (key, view))| {
            let bytes = encode::<P>(view).map_err(|source| {
                // Each row has a step, or it would not be here.
                let last = self.steps.iter().rfind(|step| step.row == row);
                last.map_or_else(
                    || corrupt::<P>(key, &source).into(),
                    |step| refused::<P>(&step.metadata, format!("view row `{key}`: {source}").into()),
                )
            })?;
            Ok((key.clone(), bytes))
        });
        encoded.collect()
    }
}

/// Folds one event; the error names it.
pub(super) fn fold_one<P: ViewProjection>(
    projection: &P,
    view: &mut P::View,
    input: &P::Input,
    metadata: &Metadata,
) -> Result<(), ApplyError> {
    caught(|| projection.fold(view, input, metadata)).map_err(|source| refused::<P>(metadata, source))
}

/// What an event made of the view cannot be, or an event cannot be taken.
pub(super) fn refused<P: ViewProjection>(metadata: &Metadata, source: BoxError) -> ApplyError {
    ApplyError::Event {
        projection: P::NAME,
        stream: StreamId::new(metadata.category.clone(), metadata.aggregate_id.clone()),
        sequence: metadata.sequence,
        source,
        retry: true,
    }
}

/// A view as it is kept, which can be read again. Much is written that only the reader would notice, and stop at: numbers
/// that JSON does not have, fields of a flattened map that are there already, depths, fields that are left out.
pub(super) fn encode<P: ViewProjection>(view: &P::View) -> Result<Vec<u8>, serde_json::Error> {
    let bytes = view.to_json()?;
    P::View::from_json(&bytes)?;
    Ok(bytes)
}

pub(super) fn corrupt<P: ViewProjection>(key: &str, error: &serde_json::Error) -> RepositoryError {
    RepositoryError::Corrupt {
        projection: P::NAME,
        what: format!("view row `{key}`"),
        reason: error.to_string(),
    }
}

/// Runs a user's code; a panic in it is a failure of its event, not of the listener.
pub(super) fn caught(run: impl FnOnce() -> Result<(), BoxError>) -> Result<(), BoxError> {
    catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| Err(crate::panic_message(&*panic).into()))
}

pub(super) fn decode_commit<P: ViewProjection>(
    projection: &P,
    stream_move: &Move,
    commit: &Commit,
    mut take: impl FnMut(P::Input, Metadata),
) -> Result<(), ApplyError> {
    let refused = |sequence, source: BoxError| ApplyError::Event {
        projection: P::NAME,
        stream: stream_move.stream.clone(),
        sequence,
        source,
        retry: false,
    };
    let broken = |error: DecodeError| refused(commit.sequence, error.into());
    let events = commit.raw_events().map_err(broken)?;
    let commands = if P::USES_METADATA { commit.commands().map_err(broken)? } else { Vec::new() };
    let mut senders =
        commands.iter().flat_map(|c| std::iter::repeat_n(c, usize::try_from(c.events).unwrap_or(0)));
    for (sequence, event) in (commit.sequence..).zip(events) {
        let sender = senders.next();
        let taken = caught(|| {
            if let Some(input) = projection.decode(&event, commit.codec)? {
                take(input, Metadata::of(commit, sequence, sender));
            }
            Ok(())
        });
        taken.map_err(|source| refused(sequence, source))?;
    }
    Ok(())
}
