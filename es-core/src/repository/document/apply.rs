//! A batch without a transaction.

use std::pin::pin;

use futures_util::{StreamExt, stream};

use super::{Document, DocumentRepository};
use crate::{
    projection::{OwnRows, fold_document},
    repository::{ApplyError, Batch, Checkpoint, Move},
    store::StreamId,
};

/// How many documents are written at the same time.
const WRITERS: usize = 32;

pub(super) async fn apply<P: OwnRows, D: DocumentRepository>(
    repository: &D,
    projection: &P,
    batch: &Batch,
) -> Result<(), ApplyError> {
    let moves = &batch.moves;
    let stored = load::<P, D>(repository, moves).await?;
    let folded = fold(projection, moves, &stored, repository.longest_view())?;
    // Before the documents: an event that was skipped by hand is never without its record.
    if !batch.dead_letters.is_empty() {
        repository.save_dead_letters(P::NAME, &batch.dead_letters).await?;
    }
    replace::<P, D>(repository, moves, &stored, &folded).await?;
    // After all of them: what an offset has passed will not come again.
    if !batch.offsets.is_empty() {
        repository.save_offsets(P::NAME, &batch.offsets).await?;
    }
    Ok(())
}

/// What is stored for each move, if all of it is where it is expected.
async fn load<P: OwnRows, D: DocumentRepository>(
    repository: &D,
    moves: &[Move],
) -> Result<Vec<Option<Document>>, ApplyError> {
    if moves.is_empty() {
        return Ok(Vec::new());
    }
    let keys: Vec<&str> = moves.iter().map(|m| &*m.stream.id).collect();
    let stored = repository.load(P::NAME, &keys).await?;
    let elsewhere = moves.iter().zip(&stored).filter(|(m, stored)| {
        let at = stored.as_ref().map(|document| &document.checkpoint);
        at.map_or(0, |at| at.applied) != m.expected.applied
            || at.is_some_and(|at| at.parked.is_some()) != m.expected.parked.is_some()
    });
    let streams: Vec<StreamId> = elsewhere.map(|(m, _)| m.stream.clone()).collect();
    if streams.is_empty() { Ok(stored) } else { Err(ApplyError::Moved { streams }) }
}

fn fold<P: OwnRows>(
    projection: &P,
    moves: &[Move],
    stored: &[Option<Document>],
    longest: usize,
) -> Result<Vec<Document>, ApplyError> {
    let mut folded = Vec::with_capacity(moves.len());
    for (m, stored) in moves.iter().zip(stored) {
        let view = stored.as_ref().and_then(|document| document.view.as_deref());
        let view = fold_document(projection, m, view)?;
        if let Some(bytes) = view.as_ref().map(Vec::len).filter(|bytes| *bytes > longest) {
            return Err(ApplyError::Event {
                projection: P::NAME,
                stream: m.stream.clone(),
                sequence: m.to.applied,
                source: format!(
                    "its view becomes {bytes} bytes long, and the database takes {longest}: keep less in a view, or it in another database"
                )
                .into(),
                retry: false,
            });
        }
        folded.push(Document { checkpoint: m.to.clone(), view });
    }
    Ok(folded)
}

/// Replaces each document. All are tried, whatever becomes of others.
async fn replace<P: OwnRows, D: DocumentRepository>(
    repository: &D,
    moves: &[Move],
    stored: &[Option<Document>],
    folded: &[Document],
) -> Result<(), ApplyError> {
    let one = |at: usize| async move {
        let expected: Option<&Checkpoint> = stored[at].as_ref().map(|document| &document.checkpoint);
        (at, repository.replace(P::NAME, &moves[at].stream.id, expected, &folded[at]).await)
    };
    let mut writers = pin!(stream::iter(0..moves.len()).map(one).buffer_unordered(WRITERS));
    let (mut done, mut refused, mut failed) = (Vec::new(), Vec::new(), None);
    while let Some((at, outcome)) = writers.next().await {
        match outcome {
            Ok(true) => done.push(at),
            Ok(false) => refused.push(at),
            Err(error) => failed = Some(error),
        }
    }
    if let Some(error) = failed {
        return Err(error.into());
    }
    if refused.is_empty() {
        return Ok(());
    }
    // Also those that this batch has moved itself: the caller's next one has to know of them.
    refused.extend(done);
    Err(ApplyError::Moved { streams: refused.into_iter().map(|at| moves[at].stream.clone()).collect() })
}
