//! Checkpoints: read, compared and moved, many at a time.

use es_core::{
    repository::{Checkpoint, Move, Parked, ParkedAggregate},
    store::{StreamId, from_millis},
};
use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::{generation::takes, most};
use crate::{
    postgres::text::{escape, head, same, tail, unescape},
    space::Space,
    to_millis,
};

const READ: &str = concat!(
    "SELECT s.at, c.applied, c.commit_id, c.parked_sequence, c.parked_error, c.parked_at
     FROM unnest($2::text[], $3::text[]) WITH ORDINALITY AS s(category, id, at)
     JOIN es_checkpoints c ON c.projection = $1 AND c.category = s.category AND ",
    same!("c.aggregate_id", "s.id")
);

pub(super) async fn read(
    connection: &mut PgConnection,
    space: &Space,
    streams: &[StreamId],
) -> Result<Vec<Checkpoint>, sqlx::Error> {
    let mut checkpoints = vec![Checkpoint::default(); streams.len()];
    if streams.is_empty() {
        return Ok(checkpoints);
    }
    let categories: Vec<_> = streams.iter().map(|s| escape(&s.category)).collect();
    let ids: Vec<_> = streams.iter().map(|s| escape(&s.id)).collect();
    let query = sqlx::query(READ).bind(&*space.name).bind(categories).bind(ids);
    for row in query.fetch_all(connection).await? {
        let at: i64 = row.try_get(0)?;
        checkpoints[at as usize - 1] = checkpoint(&row, 1)?;
    }
    Ok(checkpoints)
}

/// Waits for whoever is making the same checkpoint, in the order of streams.
const MAKE: &str = concat!(
    "INSERT INTO es_checkpoints (projection, category, aggregate_id, applied)
     SELECT $1, s.category, s.id, 0 FROM unnest($2::text[], $3::text[]) AS s(category, id)
     ORDER BY s.category COLLATE \"C\", s.id COLLATE \"C\"
     ON CONFLICT (projection, category, ",
    head!("aggregate_id"),
    ", ",
    tail!("aggregate_id"),
    ") DO NOTHING"
);

/// The fence. A checkpoint that another listener moves meanwhile is waited for and compared as it is then. Those of a
/// generation that is not written to any more are not even locked, because somebody may be deleting them.
const MOVE: &str = concat!(
    "WITH moves AS (
       SELECT * FROM unnest($2::text[], $3::text[], $4::bigint[], $5::bool[], $6::bigint[], $7::uuid[], $8::bigint[],
         $9::text[], $10::bigint[]) WITH ORDINALITY AS m(category, id, expected, was_parked, applied, commit_id,
         parked_sequence, parked_error, parked_at, at)
     ), locked AS MATERIALIZED (
       SELECT m.at FROM moves m JOIN es_checkpoints c ON c.projection = $1 AND c.category = m.category AND ",
    same!("c.aggregate_id", "m.id"),
    " WHERE ",
    takes!("$11", "$12"),
    "  ORDER BY c.category, c.aggregate_id FOR UPDATE OF c
     )
     UPDATE es_checkpoints c SET applied = m.applied, commit_id = m.commit_id, parked_sequence = m.parked_sequence,
       parked_error = m.parked_error, parked_at = m.parked_at
     FROM moves m JOIN locked ON locked.at = m.at
     WHERE c.projection = $1 AND c.category = m.category AND ",
    same!("c.aggregate_id", "m.id"),
    "  AND c.applied = m.expected AND (c.parked_sequence IS NOT NULL) = m.was_parked
     RETURNING m.at"
);

/// Moves checkpoints; answers which were elsewhere: all of them, where the generation is not written to any more.
pub(super) async fn advance(
    tx: &mut PgConnection,
    space: &Space,
    moves: &[Move],
) -> Result<Vec<usize>, sqlx::Error> {
    let first = moves.iter().filter(|m| m.expected.applied == 0 && m.expected.parked.is_none());
    let first: Vec<_> = first.map(|m| (escape(&m.stream.category), escape(&m.stream.id))).collect();
    if !first.is_empty() {
        let (categories, ids): (Vec<_>, Vec<_>) = first.into_iter().unzip();
        sqlx::query(MAKE).bind(&*space.name).bind(categories).bind(ids).execute(&mut *tx).await?;
    }
    fn column<'m, T>(moves: &'m [Move], value: impl Fn(&'m Move) -> T) -> Vec<T> {
        moves.iter().map(value).collect()
    }
    let query = sqlx::query(MOVE)
        .bind(&*space.name)
        .bind(column(moves, |m| escape(&m.stream.category)))
        .bind(column(moves, |m| escape(&m.stream.id)))
        .bind(column(moves, |m| m.expected.applied.cast_signed()))
        .bind(column(moves, |m| m.expected.parked.is_some()))
        .bind(column(moves, |m| m.to.applied.cast_signed()))
        .bind(column(moves, |m| m.to.commit_id))
        .bind(column(moves, |m| m.to.parked.as_ref().map(|parked| parked.sequence.cast_signed())))
        .bind(column(moves, |m| m.to.parked.as_ref().map(|parked| escape(&parked.error))))
        .bind(column(moves, |m| m.to.parked.as_ref().map(|parked| to_millis(parked.at))))
        .bind(space.projection)
        .bind(i64::from(space.generation));
    let mut elsewhere = vec![true; moves.len()];
    for row in query.fetch_all(tx).await? {
        elsewhere[row.try_get::<i64, _>(0)? as usize - 1] = false;
    }
    Ok((0..).zip(elsewhere).filter_map(|(at, elsewhere)| elsewhere.then_some(at)).collect())
}

/// In the order of the index, so that a page costs no sort.
const FIRST: &str = concat!(
    "SELECT category, aggregate_id FROM es_checkpoints WHERE projection = $1 ORDER BY category, ",
    head!("aggregate_id"),
    ", ",
    tail!("aggregate_id"),
    " LIMIT $2"
);

const AFTER: &str = concat!(
    "SELECT category, aggregate_id FROM es_checkpoints WHERE projection = $1 AND (category, ",
    head!("aggregate_id"),
    ", ",
    tail!("aggregate_id"),
    ") > ($3, ",
    head!("$4"),
    ", ",
    tail!("$4"),
    ") ORDER BY category, ",
    head!("aggregate_id"),
    ", ",
    tail!("aggregate_id"),
    " LIMIT $2"
);

pub(super) async fn streams(
    connection: &mut PgConnection,
    space: &Space,
    after: Option<&StreamId>,
    limit: usize,
) -> Result<Vec<StreamId>, sqlx::Error> {
    let query = sqlx::query(if after.is_some() { AFTER } else { FIRST }).bind(&*space.name).bind(most(limit));
    let query = match after {
        None => query,
        Some(after) => query.bind(escape(&after.category)).bind(escape(&after.id)),
    };
    let stream = |row: &PgRow| Ok(StreamId::new(unescape(row.try_get(0)?), unescape(row.try_get(1)?)));
    query.fetch_all(connection).await?.iter().map(stream).collect()
}

const PARKED: &str =
    "SELECT category, aggregate_id, applied, commit_id, parked_sequence, parked_error, parked_at
    FROM es_checkpoints WHERE projection = $1 AND parked_sequence IS NOT NULL
    ORDER BY category, aggregate_id LIMIT $2";

pub(super) async fn parked(
    connection: &mut PgConnection,
    space: &Space,
    limit: usize,
) -> Result<Vec<ParkedAggregate>, sqlx::Error> {
    let parked = |row: &PgRow| {
        let stream = StreamId::new(unescape(row.try_get(0)?), unescape(row.try_get(1)?));
        Ok(ParkedAggregate { stream, checkpoint: checkpoint(row, 2)? })
    };
    let query = sqlx::query(PARKED).bind(&*space.name).bind(most(limit));
    query.fetch_all(connection).await?.iter().map(parked).collect()
}

/// The checkpoint in five columns of `row`.
fn checkpoint(row: &PgRow, first: usize) -> Result<Checkpoint, sqlx::Error> {
    let parked = match row.try_get::<Option<i64>, _>(first + 2)? {
        None => None,
        Some(sequence) => Some(Parked {
            sequence: sequence.cast_unsigned(),
            error: unescape(row.try_get(first + 3)?),
            at: from_millis(row.try_get(first + 4)?),
        }),
    };
    let applied = row.try_get::<i64, _>(first)?.cast_unsigned();
    Ok(Checkpoint { applied, commit_id: row.try_get(first + 1)?, parked })
}
