//! What an append sends, and how its statements read.

use std::{collections::HashMap, sync::Arc};

use es_core::{
    event::Codec,
    store::{AppendError, Commit, Limits, ReadError},
};
use futures_util::TryStreamExt;
use sqlx::{Either, Executor, Row, SqliteConnection, SqlitePool, sqlite::SqliteArguments};
use tokio::sync::{mpsc, oneshot};

use super::{read, writer::Append};
use crate::sqlite::values::{Parameters, Statement};

/// Checks what can be checked here, hands `commit` to the writer and waits for its word.
pub(super) async fn append(
    appends: &mpsc::Sender<Append>,
    limits: Limits,
    commit: Arc<Commit>,
) -> Result<(), AppendError> {
    // No stream has a place for it: it holds no event, or more than a sequence can count.
    if commit.sequence == 0
        || commit.last_sequence < commit.sequence
        || i64::try_from(commit.last_sequence).is_err()
    {
        return Err(AppendError::Conflict { winner: None });
    }
    limits.check(&commit)?;
    let (reply, answer) = oneshot::channel();
    if appends.send(Append { commit, reply }).await.is_err() {
        return Err(AppendError::Unavailable("the store's writer has ended with its runtime".into()));
    }
    match answer.await {
        Ok(outcome) => outcome,
        Err(_) => Err(AppendError::OutcomeUnknown("the store's writer ended while it had the commit".into())),
    }
}

/// Inserts each commit whose place is free and whose parent ends the sequence before; skips the others.
///
/// A stream has no holes, so the parent is the last commit before the place. A first commit needs no look:
/// every stream that has a commit has one at sequence 1, and the place is unique.
static INSERT: Statement = Statement::new(
    11,
    "INSERT INTO es_commits
     (category, aggregate_id, sequence, last_sequence, commit_id, parent, committed_at, codec, events, metadata, position)
     SELECT column1, column2, column3, column4, column5, column6, column7, column8, column9, column10,
         column11 + (SELECT coalesce(max(position), 0) FROM es_commits)
     FROM ",
    " WHERE column1 IS NOT NULL AND CASE
         WHEN column3 = 1 THEN column6 IS NULL
         ELSE (SELECT p.last_sequence = v.column3 - 1 AND p.commit_id = v.column6 FROM es_commits p
               WHERE p.category = v.column1 AND p.aggregate_id = v.column2 AND p.sequence < v.column3
               ORDER BY p.sequence DESC LIMIT 1) END
     ON CONFLICT DO NOTHING",
);

/// What a transaction stored.
pub(super) struct Stored {
    pub(super) commits: u64,
    /// The position of the last one, if there is any.
    pub(super) last: i64,
}

/// Inserts what fits of `appends`, in their order, at the positions that follow. The statement is the transaction:
/// one trip to the connection's thread, and what it answers is synced.
pub(super) async fn insert(
    connection: &mut SqliteConnection,
    appends: &[Append],
) -> Result<Stored, sqlx::Error> {
    let query = sqlx::query_with(INSERT.sql(appends.len()), insert_parameters(appends)?);
    // The first result is all there is; to hear that there is no second one would take another wake-up.
    let result = connection.fetch_many(query).try_next().await?;
    let Some(Either::Left(done)) = result else { return Err(sqlx::Error::WorkerCrashed) };
    Ok(Stored { commits: done.rows_affected(), last: done.last_insert_rowid() })
}

fn insert_parameters(appends: &[Append]) -> Result<SqliteArguments, sqlx::Error> {
    let mut p = Parameters::with_capacity(appends.len() * 11);
    for (nth, Append { commit, .. }) in (1_i64..).zip(appends) {
        p.push(commit.stream.category.clone())?;
        p.push(commit.stream.id.clone())?;
        p.push(commit.sequence.cast_signed())?;
        p.push(commit.last_sequence.cast_signed())?;
        p.push(&commit.id.as_bytes()[..])?;
        p.push(commit.parent.as_ref().map(|id| &id.as_bytes()[..]))?;
        p.push(commit.committed_at_millis())?;
        p.push(codec(commit.codec))?;
        p.push(&commit.events[..])?;
        p.push(&commit.metadata[..])?;
        p.push(nth)?;
    }
    Ok(p.finish())
}

fn codec(codec: Codec) -> &'static str {
    codec.as_str()
}

static PLACES: Statement = Statement::new(
    5,
    "SELECT v.column1, c.commit_id = v.column5 FROM ",
    " JOIN es_commits c ON c.category = v.column2 AND c.aggregate_id = v.column3 AND c.sequence = v.column4
      WHERE v.column1 IS NOT NULL",
);

/// What the place of an append holds.
#[derive(Debug)]
pub(super) enum Place {
    Vacant,
    Ours,
    /// By another commit; by which one is unknown where that cannot be read.
    Taken(Option<Arc<Commit>>),
}

/// What is at the places of `appends`, in their order.
pub(super) async fn places(pool: &SqlitePool, appends: &[Append]) -> Result<Vec<Place>, ReadError> {
    let mut p = Parameters::with_capacity(appends.len() * 5);
    let mut fill = || {
        for (at, Append { commit, .. }) in appends.iter().enumerate() {
            p.push(at as i64)?;
            p.push(commit.stream.category.clone())?;
            p.push(commit.stream.id.clone())?;
            p.push(commit.sequence.cast_signed())?;
            p.push(&commit.id.as_bytes()[..])?;
        }
        Ok(())
    };
    fill().map_err(super::unavailable)?;
    let query = sqlx::query_with(PLACES.sql(appends.len()), p.finish());
    let rows = query.fetch_all(pool).await.map_err(super::unavailable)?;
    let mut places: Vec<_> = appends.iter().map(|_| Place::Vacant).collect();
    // Many may have wanted one place.
    let mut winners = HashMap::new();
    for row in rows {
        let at: i64 = row.try_get(0).map_err(super::unavailable)?;
        let ours: bool = row.try_get(1).map_err(super::unavailable)?;
        let at = at as usize;
        let commit = &appends[at].commit;
        places[at] = if ours {
            Place::Ours
        } else {
            let place = (&commit.stream, commit.sequence);
            let winner = match winners.get(&place) {
                Some(winner) => Option::clone(winner),
                None => match read::commit_at(pool, &commit.stream, commit.sequence).await {
                    Ok(winner) => Some(winner),
                    // Whoever reads the stream is told; the others here are not to wait for that.
                    Err(ReadError::Corrupt { .. }) => None,
                    Err(error) => return Err(error),
                },
            };
            winners.insert(place, winner.clone());
            Place::Taken(winner)
        };
    }
    Ok(places)
}
