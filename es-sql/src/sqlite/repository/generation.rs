//! Generations of views: which one serves, which one is filled, and how the one takes over from the other.

use es_core::repository::{Generations, RepositoryError, TakeOver};
use sqlx::{Row as _, SqliteConnection, SqlitePool};

use super::{transaction::Writing, unavailable};
use crate::{
    space::{Space, given_up},
    sqlite::gate::Gate,
};

const IS_WRITTEN: &str = "SELECT coalesce((SELECT serving = ?2 OR filling IS ?2 FROM es_generations WHERE projection = ?1), ?2 = 0)";

/// Whether the generation is written to; with the write lock held, that stays so.
pub(super) async fn is_written(tx: &mut SqliteConnection, space: &Space) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(IS_WRITTEN).bind(space.projection).bind(space.generation);
    query.fetch_one(tx).await?.try_get(0)
}

const READ: &str = "SELECT serving, filling, before, last FROM es_generations WHERE projection = ?";

/// Which there are, and the last number that was given.
async fn read(
    connection: &mut SqliteConnection,
    projection: &'static str,
) -> Result<(Generations, u32), sqlx::Error> {
    let row = sqlx::query(READ).bind(projection).fetch_optional(connection).await?;
    let Some(row) = row else { return Ok(Default::default()) };
    let (serving, filling, before) = (row.try_get(0)?, row.try_get(1)?, row.try_get(2)?);
    Ok((Generations { serving, filling, before }, row.try_get(3)?))
}

pub(super) async fn generations(
    pool: &SqlitePool,
    projection: &'static str,
) -> Result<Generations, RepositoryError> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    Ok(read(&mut connection, projection).await.map_err(unavailable)?.0)
}

const BEGIN_FILLING: &str =
    "INSERT INTO es_generations (projection, serving, filling, last) VALUES (?, 0, 1, 1)
    ON CONFLICT (projection) DO UPDATE SET last = last + 1, filling = last + 1";

pub(super) async fn begin_filling(
    pool: &SqlitePool,
    gate: &Gate,
    projection: &'static str,
) -> Result<u32, RepositoryError> {
    let mut writing = Writing::begin(pool, gate).await?;
    let query = sqlx::query(BEGIN_FILLING).bind(projection);
    query.execute(&mut *writing.tx).await.map_err(unavailable)?;
    let (found, last) = read(&mut writing.tx, projection).await.map_err(unavailable)?;
    writing.commit().await?;
    // Only now: it may take long, and nobody else writes meanwhile.
    let keep = [Some(found.serving), found.filling, found.before];
    delete(pool, gate, &given_up(projection, last, &keep)).await?;
    Ok(last)
}

const TAKE_OVER: &str =
    "UPDATE es_generations SET before = serving, serving = filling, filling = NULL WHERE projection = ?";

/// What the feed has brought once and may not bring again. Not what was skipped by hand in the old rows, which says
/// nothing about the new ones.
const KEEP_LETTERS: &str = "INSERT INTO es_dead_letters (projection, partition, offset, bytes, reason)
    SELECT ?2, partition, offset, bytes, reason FROM es_dead_letters
    WHERE projection = ?1 AND substr(partition, 1, 8) <> 'skipped:' ORDER BY id
    ON CONFLICT (projection, partition, offset) DO NOTHING";

pub(super) async fn take_over(
    pool: &SqlitePool,
    gate: &Gate,
    space: &Space,
) -> Result<TakeOver, RepositoryError> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    // First without the write lock, so that all others go on while it is too early anyway.
    if let Err(not_now) = old(&mut connection, space).await.map_err(unavailable)? {
        return Ok(not_now);
    }
    drop(connection);
    let mut writing = Writing::begin(pool, gate).await?;
    let old = match old(&mut writing.tx, space).await.map_err(unavailable)? {
        Ok(old) => old,
        Err(not_now) => return Ok(not_now),
    };
    let query = sqlx::query(TAKE_OVER).bind(space.projection);
    query.execute(&mut *writing.tx).await.map_err(unavailable)?;
    let query = sqlx::query(KEEP_LETTERS).bind(&*old.name).bind(&*space.name);
    query.execute(&mut *writing.tx).await.map_err(unavailable)?;
    writing.commit().await?;
    Ok(TakeOver::Done)
}

/// Whose checkpoints in the new generation are behind those in the old one.
const BEHIND: &str = "SELECT count(*), count(n.parked_sequence) FROM es_checkpoints o
    LEFT JOIN es_checkpoints n ON n.projection = ?2 AND n.category = o.category AND n.aggregate_id = o.aggregate_id
    WHERE o.projection = ?1 AND coalesce(n.applied, 0) < o.applied";

/// The generation that it takes over from, unless something keeps it from that.
async fn old(
    connection: &mut SqliteConnection,
    space: &Space,
) -> Result<Result<Space, TakeOver>, sqlx::Error> {
    let (found, _) = read(&mut *connection, space.projection).await?;
    if found.serving == space.generation {
        return Ok(Err(TakeOver::Done));
    }
    if found.filling != Some(space.generation) {
        return Ok(Err(TakeOver::Superseded));
    }
    let old = Space::new(space.projection, found.serving);
    let row = sqlx::query(BEHIND).bind(&*old.name).bind(&*space.name).fetch_one(connection).await?;
    let count = |column: usize| row.try_get::<i64, _>(column).map(i64::cast_unsigned);
    let (aggregates, parked) = (count(0)?, count(1)?);
    Ok(if aggregates > 0 { Err(TakeOver::Behind { aggregates, parked }) } else { Ok(old) })
}

pub(super) async fn prune(
    pool: &SqlitePool,
    gate: &Gate,
    projection: &'static str,
) -> Result<(), RepositoryError> {
    let mut connection = pool.acquire().await.map_err(unavailable)?;
    let (found, last) = read(&mut connection, projection).await.map_err(unavailable)?;
    drop(connection);
    delete(pool, gate, &given_up(projection, last, &[Some(found.serving), found.filling])).await
}

const IS_EMPTY: &str = "SELECT NOT EXISTS (SELECT 1 FROM es_views WHERE projection = ?1)
    AND NOT EXISTS (SELECT 1 FROM es_checkpoints WHERE projection = ?1)
    AND NOT EXISTS (SELECT 1 FROM es_offsets WHERE projection = ?1)
    AND NOT EXISTS (SELECT 1 FROM es_dead_letters WHERE projection = ?1)";

/// So many rows at once that other writers need not wait long.
const DELETE: [&str; 4] = [
    "DELETE FROM es_views WHERE (projection, key) IN
     (SELECT projection, key FROM es_views WHERE projection = ? LIMIT 1000)",
    "DELETE FROM es_checkpoints WHERE (projection, category, aggregate_id) IN
     (SELECT projection, category, aggregate_id FROM es_checkpoints WHERE projection = ? LIMIT 1000)",
    "DELETE FROM es_offsets WHERE projection = ?",
    "DELETE FROM es_dead_letters WHERE id IN (SELECT id FROM es_dead_letters WHERE projection = ? LIMIT 1000)",
];

async fn delete(pool: &SqlitePool, gate: &Gate, names: &[String]) -> Result<(), RepositoryError> {
    for name in names {
        // Of most, since they were deleted long ago; so nobody need wait for that.
        let query = sqlx::query(IS_EMPTY).bind(name.as_str());
        let row = query.fetch_one(pool).await.map_err(unavailable)?;
        if row.try_get(0).map_err(unavailable)? {
            continue;
        }
        for statement in DELETE {
            while delete_some(pool, gate, name, statement).await? > 0 {}
        }
    }
    Ok(())
}

async fn delete_some(
    pool: &SqlitePool,
    gate: &Gate,
    name: &str,
    statement: &'static str,
) -> Result<u64, RepositoryError> {
    let mut writing = Writing::begin(pool, gate).await?;
    let deleted = sqlx::query(statement).bind(name).execute(&mut *writing.tx).await.map_err(unavailable)?;
    writing.commit().await?;
    Ok(deleted.rows_affected())
}
