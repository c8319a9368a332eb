//! Checkpoints: read, compared and moved, many at a time.

use es_core::{
    repository::{Checkpoint, Move, Parked, ParkedAggregate, RepositoryError},
    store::{StreamId, from_millis},
};
use sqlx::{Row, SqliteConnection, SqlitePool, sqlite::SqliteRow};
use uuid::Uuid;

use super::{most, unavailable};
use crate::{
    space::Space,
    sqlite::values::{MOST, Parameters, Statement},
    to_millis,
};

static READ: Statement = Statement::new(
    3,
    "SELECT v.column1, c.applied, c.commit_id, c.parked_sequence, c.parked_error, c.parked_at FROM ",
    " JOIN es_checkpoints c ON c.projection = ? AND c.category = v.column2 AND c.aggregate_id = v.column3
      WHERE v.column1 IS NOT NULL",
);

pub(super) async fn read(
    pool: &SqlitePool,
    space: &Space,
    streams: &[StreamId],
) -> Result<Vec<Checkpoint>, RepositoryError> {
    let mut checkpoints = vec![Checkpoint::default(); streams.len()];
    for (chunk, found) in streams.chunks(MOST).zip(checkpoints.chunks_mut(MOST)) {
        let rows = read_chunk(pool, space, chunk).await.map_err(unavailable)?;
        for row in rows {
            let at: i64 = row.try_get(0).map_err(unavailable)?;
            found[at as usize] = checkpoint(&row, 1).map_err(|e| corrupt(space, &chunk[at as usize], e))?;
        }
    }
    Ok(checkpoints)
}

async fn read_chunk(
    pool: &SqlitePool,
    space: &Space,
    streams: &[StreamId],
) -> Result<Vec<SqliteRow>, sqlx::Error> {
    let mut p = Parameters::with_capacity(READ.width(streams.len()) + 1);
    for (at, stream) in streams.iter().enumerate() {
        p.push(at as i64)?;
        p.push(stream.category.clone())?;
        p.push(stream.id.clone())?;
    }
    p.pad(READ.width(streams.len()))?;
    p.push(&*space.name)?;
    sqlx::query_with(READ.sql(streams.len()), p.finish()).fetch_all(pool).await
}

static ELSEWHERE: Statement = Statement::new(
    5,
    "SELECT v.column1 FROM ",
    " LEFT JOIN es_checkpoints c ON c.projection = ? AND c.category = v.column2 AND c.aggregate_id = v.column3
      WHERE v.column1 IS NOT NULL
      AND (coalesce(c.applied, 0) <> v.column4 OR (c.parked_sequence IS NOT NULL) <> v.column5)",
);

static MOVE: Statement = Statement::new(
    8,
    "INSERT INTO es_checkpoints
     (projection, category, aggregate_id, applied, commit_id, parked_sequence, parked_error, parked_at)
     SELECT column1, column2, column3, column4, column5, column6, column7, column8 FROM ",
    " WHERE column1 IS NOT NULL
      ON CONFLICT (projection, category, aggregate_id) DO UPDATE SET applied = excluded.applied,
        commit_id = excluded.commit_id, parked_sequence = excluded.parked_sequence,
        parked_error = excluded.parked_error, parked_at = excluded.parked_at",
);

/// Moves checkpoints inside a write transaction; answers which were elsewhere, and moves none then.
pub(super) async fn advance(
    tx: &mut SqliteConnection,
    space: &Space,
    moves: &[Move],
) -> Result<Vec<usize>, sqlx::Error> {
    let mut elsewhere = Vec::new();
    for (first, chunk) in (0..).step_by(MOST).zip(moves.chunks(MOST)) {
        let mut p = Parameters::with_capacity(ELSEWHERE.width(chunk.len()) + 1);
        for (at, Move { stream, expected, .. }) in (first..).zip(chunk) {
            p.push(at as i64)?;
            p.push(stream.category.clone())?;
            p.push(stream.id.clone())?;
            p.push(expected.applied.cast_signed())?;
            p.push(expected.parked.is_some())?;
        }
        p.pad(ELSEWHERE.width(chunk.len()))?;
        p.push(&*space.name)?;
        let rows = sqlx::query_with(ELSEWHERE.sql(chunk.len()), p.finish()).fetch_all(&mut *tx).await?;
        for row in rows {
            elsewhere.push(row.try_get::<i64, _>(0)? as usize);
        }
    }
    if elsewhere.is_empty() {
        for chunk in moves.chunks(MOST) {
            write(tx, space, chunk).await?;
        }
    }
    Ok(elsewhere)
}

async fn write(tx: &mut SqliteConnection, space: &Space, moves: &[Move]) -> Result<(), sqlx::Error> {
    let mut p = Parameters::with_capacity(MOVE.width(moves.len()));
    for Move { stream, to, .. } in moves {
        p.push(&*space.name)?;
        p.push(stream.category.clone())?;
        p.push(stream.id.clone())?;
        p.push(to.applied.cast_signed())?;
        p.push(to.commit_id.as_ref().map(|id| &id.as_bytes()[..]))?;
        p.push(to.parked.as_ref().map(|parked| parked.sequence.cast_signed()))?;
        p.push(to.parked.as_ref().map(|parked| parked.error.as_str()))?;
        p.push(to.parked.as_ref().map(|parked| to_millis(parked.at)))?;
    }
    sqlx::query_with(MOVE.sql(moves.len()), p.finish()).execute(tx).await.map(drop)
}

const FIRST: &str = "SELECT category, aggregate_id FROM es_checkpoints WHERE projection = ?
    ORDER BY category, aggregate_id LIMIT ?";
const AFTER: &str = "SELECT category, aggregate_id FROM es_checkpoints WHERE projection = ?
    AND (category, aggregate_id) > (?, ?) ORDER BY category, aggregate_id LIMIT ?";

pub(super) async fn streams(
    pool: &SqlitePool,
    space: &Space,
    after: Option<&StreamId>,
    limit: usize,
) -> Result<Vec<StreamId>, sqlx::Error> {
    let query = match after {
        None => sqlx::query(FIRST).bind(&*space.name),
        Some(after) => sqlx::query(AFTER).bind(&*space.name).bind(&*after.category).bind(&*after.id),
    };
    let stream =
        |row: &SqliteRow| Ok(StreamId::new(row.try_get::<String, _>(0)?, row.try_get::<&str, _>(1)?));
    query.bind(most(limit)).fetch_all(pool).await?.iter().map(stream).collect()
}

const PARKED: &str = "SELECT category, aggregate_id, applied, commit_id, parked_sequence, parked_error, parked_at
    FROM es_checkpoints WHERE projection = ? AND parked_sequence IS NOT NULL ORDER BY category, aggregate_id LIMIT ?";

pub(super) async fn parked(
    pool: &SqlitePool,
    space: &Space,
    limit: usize,
) -> Result<Vec<ParkedAggregate>, RepositoryError> {
    let query = sqlx::query(PARKED).bind(&*space.name).bind(most(limit));
    let rows = query.fetch_all(pool).await.map_err(unavailable)?;
    let parked = |row: &SqliteRow| {
        let category: String = row.try_get(0).map_err(unavailable)?;
        let stream = StreamId::new(category, row.try_get::<&str, _>(1).map_err(unavailable)?);
        let checkpoint = checkpoint(row, 2).map_err(|e| corrupt(space, &stream, e))?;
        Ok(ParkedAggregate { stream, checkpoint })
    };
    rows.iter().map(parked).collect()
}

/// The checkpoint in five columns of `row`.
fn checkpoint(row: &SqliteRow, first: usize) -> Result<Checkpoint, String> {
    let read = || {
        let applied = row.try_get::<i64, _>(first)?.cast_unsigned();
        let commit_id: Option<&[u8]> = row.try_get(first + 1)?;
        let parked = match row.try_get::<Option<i64>, _>(first + 2)? {
            None => None,
            Some(sequence) => Some(Parked {
                sequence: sequence.cast_unsigned(),
                error: row.try_get(first + 3)?,
                at: from_millis(row.try_get(first + 4)?),
            }),
        };
        Ok::<_, sqlx::Error>((applied, commit_id, parked))
    };
    let (applied, commit_id, parked) = read().map_err(|e| e.to_string())?;
    let commit_id = commit_id.map(Uuid::from_slice).transpose().map_err(|e| e.to_string())?;
    Ok(Checkpoint { applied, commit_id, parked })
}

fn corrupt(space: &Space, stream: &StreamId, reason: String) -> RepositoryError {
    RepositoryError::Corrupt {
        projection: space.projection,
        what: format!("the checkpoint of {stream}"),
        reason,
    }
}
