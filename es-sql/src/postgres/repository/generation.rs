//! Generations of views: which one serves, which one is filled, and how the one takes over from the other.

use es_core::repository::{Generations, RepositoryError, TakeOver};
use sqlx::{PgConnection, Row as _};

use super::unavailable;
use crate::{
    postgres::{
        session::{Clock, Open, Session, Sessions},
        text::{head, same, tail},
    },
    space::{Space, given_up},
};

/// SQL: whether the projection's generation is written to, which stays so until the end of the transaction: the clause
/// at its end takes a lock of the mode `ROW SHARE` on the table, before the statement looks. Not the row's lock is what a
/// take-over waits for, because appliers that come and go could keep it waiting for ever; the table's is fair.
macro_rules! takes {
    ($projection:literal, $generation:literal) => {
        concat!(
            "coalesce((SELECT serving = ",
            $generation,
            " OR filling IS NOT DISTINCT FROM ",
            $generation,
            " FROM es_generations WHERE projection = ",
            $projection,
            " FOR SHARE), ",
            $generation,
            " = 0)"
        )
    };
}

pub(super) use takes;

/// Whether the generation is written to; until the end of the transaction.
pub(super) async fn is_written(tx: &mut PgConnection, space: &Space) -> Result<bool, sqlx::Error> {
    let query = sqlx::query(concat!("SELECT ", takes!("$1", "$2")));
    let query = query.bind(space.projection).bind(i64::from(space.generation));
    query.fetch_one(tx).await?.try_get(0)
}

const READ: &str = "SELECT serving, filling, before, last FROM es_generations WHERE projection = $1";

/// Which there are, and the last number that was given.
async fn read(
    (connection, clock): (&mut PgConnection, &mut Clock<'_>),
    projection: &'static str,
) -> Result<(Generations, u32), RepositoryError> {
    let row = sqlx::query(READ).bind(projection).fetch_optional(connection);
    let row = clock.within("reading the generations", row).await.map_err(unavailable)?;
    let Some(row) = row else { return Ok(Default::default()) };
    let number = |column: usize| match row.try_get::<Option<i64>, _>(column).map_err(unavailable)? {
        None => Ok(None),
        Some(number) => match u32::try_from(number) {
            Ok(number) => Ok(Some(number)),
            Err(error) => Err(RepositoryError::Corrupt {
                projection,
                what: "its row of es_generations".to_owned(),
                reason: format!("{number} is no generation: {error}"),
            }),
        },
    };
    let serving = number(0)?.unwrap_or_default();
    let generations = Generations { serving, filling: number(1)?, before: number(2)? };
    Ok((generations, number(3)?.unwrap_or_default()))
}

pub(super) async fn generations(
    sessions: Sessions<'_>,
    projection: &'static str,
) -> Result<Generations, RepositoryError> {
    let mut session = sessions.session().await.map_err(unavailable)?;
    let (connection, mut clock) = session.parts();
    Ok(read((connection, &mut clock), projection).await?.0)
}

/// Without the limits that the statements of a batch have at the server: there may be many checkpoints to compare.
const BEGIN: &str =
    "BEGIN ISOLATION LEVEL READ COMMITTED; SET LOCAL idle_in_transaction_session_timeout = '30s'";

/// Waits until no batch is under way, and keeps new ones waiting, of all projections; so what it is for must be quick.
/// Behind somebody who is frozen it gives up, rather than keep them all waiting.
const LOCK: &str = "SET LOCAL lock_timeout = '2s'; LOCK TABLE es_generations IN EXCLUSIVE MODE";

async fn locked(session: &mut Session) -> Result<Open<'_>, RepositoryError> {
    let mut open = session.begin(BEGIN).await.map_err(unavailable)?;
    let (connection, clock) = open.parts();
    let locked = sqlx::raw_sql(LOCK).execute(connection);
    clock.within("locking the generations", locked).await.map_err(unavailable)?;
    Ok(open)
}

const BEGIN_FILLING: &str =
    "INSERT INTO es_generations AS g (projection, serving, filling, last) VALUES ($1, 0, 1, 1)
    ON CONFLICT (projection) DO UPDATE SET last = g.last + 1, filling = g.last + 1";

pub(super) async fn begin_filling(
    sessions: Sessions<'_>,
    projection: &'static str,
) -> Result<u32, RepositoryError> {
    let mut session = sessions.session().await.map_err(unavailable)?;
    let mut open = locked(&mut session).await?;
    let (connection, clock) = open.parts();
    let begun = sqlx::query(BEGIN_FILLING).bind(projection).execute(connection);
    clock.within("beginning a generation", begun).await.map_err(unavailable)?;
    let (found, last) = read(open.parts(), projection).await?;
    open.commit().await.map_err(unavailable)?;
    drop(session);
    // Only now, and without the lock: it may take long.
    let keep = [Some(found.serving), found.filling, found.before];
    delete(sessions, &given_up(projection, last, &keep)).await?;
    Ok(last)
}

const TAKE_OVER: &str =
    "UPDATE es_generations SET before = serving, serving = filling, filling = NULL WHERE projection = $1";

/// What the feed has brought once and may not bring again. Not what was skipped by hand in the old rows, which says
/// nothing about the new ones.
const KEEP_LETTERS: &str = "INSERT INTO es_dead_letters (projection, partition, position, bytes, reason)
    SELECT $2, partition, position, bytes, reason FROM es_dead_letters
    WHERE projection = $1 AND NOT starts_with(partition, 'skipped:')
    AND (partition, position) NOT IN (SELECT partition, position FROM es_dead_letters WHERE projection = $2)
    ORDER BY id ON CONFLICT DO NOTHING";

pub(super) async fn take_over(sessions: Sessions<'_>, space: &Space) -> Result<TakeOver, RepositoryError> {
    let mut session = sessions.session().await.map_err(unavailable)?;
    // First without the lock, so that views go on while it is too early anyway, and while what may be much is copied.
    let (connection, mut clock) = session.parts();
    match old((&mut *connection, &mut clock), space).await? {
        Ok(old) => {
            clock.be_patient();
            keep_letters((connection, &mut clock), &old, space).await?;
        }
        Err(not_now) => return Ok(not_now),
    }
    let mut open = locked(&mut session).await?;
    let old = match old(open.parts(), space).await? {
        Ok(old) => old,
        Err(not_now) => return Ok(not_now),
    };
    let (connection, clock) = open.parts();
    let taken = sqlx::query(TAKE_OVER).bind(space.projection).execute(&mut *connection);
    clock.within("taking over", taken).await.map_err(unavailable)?;
    // Those that came meanwhile.
    keep_letters((connection, clock), &old, space).await?;
    open.commit().await.map_err(unavailable)?;
    Ok(TakeOver::Done)
}

async fn keep_letters(
    (connection, clock): (&mut PgConnection, &mut Clock<'_>),
    old: &Space,
    new: &Space,
) -> Result<(), RepositoryError> {
    let kept = sqlx::query(KEEP_LETTERS).bind(&*old.name).bind(&*new.name).execute(connection);
    clock.within("keeping dead letters", kept).await.map(drop).map_err(unavailable)
}

/// Whose checkpoints in the new generation are behind those in the old one.
const BEHIND: &str = concat!(
    "SELECT count(*), count(n.parked_sequence) FROM es_checkpoints o
     LEFT JOIN es_checkpoints n ON n.projection = $2 AND n.category = o.category AND ",
    same!("n.aggregate_id", "o.aggregate_id"),
    " WHERE o.projection = $1 AND coalesce(n.applied, 0) < o.applied"
);

/// The generation that it takes over from, unless something keeps it from that.
async fn old(
    (connection, clock): (&mut PgConnection, &mut Clock<'_>),
    space: &Space,
) -> Result<Result<Space, TakeOver>, RepositoryError> {
    let (found, _) = read((&mut *connection, &mut *clock), space.projection).await?;
    if found.serving == space.generation {
        return Ok(Err(TakeOver::Done));
    }
    if found.filling != Some(space.generation) {
        return Ok(Err(TakeOver::Superseded));
    }
    let old = Space::new(space.projection, found.serving);
    clock.be_patient();
    let row = sqlx::query(BEHIND).bind(&*old.name).bind(&*space.name).fetch_one(connection);
    let row = clock.within("comparing the generations", row).await.map_err(unavailable)?;
    clock.be_quick();
    let count = |column: usize| row.try_get::<i64, _>(column).map(i64::cast_unsigned).map_err(unavailable);
    let (aggregates, parked) = (count(0)?, count(1)?);
    Ok(if aggregates > 0 { Err(TakeOver::Behind { aggregates, parked }) } else { Ok(old) })
}

pub(super) async fn prune(sessions: Sessions<'_>, projection: &'static str) -> Result<(), RepositoryError> {
    let mut session = sessions.session().await.map_err(unavailable)?;
    let (connection, mut clock) = session.parts();
    let (found, last) = read((connection, &mut clock), projection).await?;
    drop(session);
    delete(sessions, &given_up(projection, last, &[Some(found.serving), found.filling])).await
}

/// So many rows at once that no transaction is long, and few enough statements.
const DELETE: [&str; 4] = [
    "DELETE FROM es_views WHERE ctid = ANY(ARRAY(SELECT ctid FROM es_views WHERE projection = ANY($1) LIMIT 1000))",
    "DELETE FROM es_checkpoints WHERE ctid = ANY(ARRAY(SELECT ctid FROM es_checkpoints WHERE projection = ANY($1) LIMIT 1000))",
    "DELETE FROM es_offsets WHERE ctid = ANY(ARRAY(SELECT ctid FROM es_offsets WHERE projection = ANY($1) LIMIT 1000))",
    "DELETE FROM es_dead_letters WHERE ctid = ANY(ARRAY(SELECT ctid FROM es_dead_letters WHERE projection = ANY($1) LIMIT 1000))",
];

async fn delete(sessions: Sessions<'_>, names: &[String]) -> Result<(), RepositoryError> {
    if names.is_empty() {
        return Ok(());
    }
    for statement in DELETE {
        while delete_some(sessions, names, statement).await.map_err(unavailable)? > 0 {}
    }
    Ok(())
}

async fn delete_some(
    sessions: Sessions<'_>,
    names: &[String],
    statement: &'static str,
) -> Result<u64, sqlx::Error> {
    let mut session = sessions.session().await?;
    let (connection, mut clock) = session.parts();
    clock.be_patient();
    let deleted = sqlx::query(statement).bind(names).execute(connection);
    Ok(clock.within("deleting a generation", deleted).await?.rows_affected())
}
