//! The feed's offsets, and records that no decoder understands.

use es_core::{
    feed::Offset,
    repository::{DeadLetter, RepositoryError},
};
use sqlx::{Row as _, SqlitePool, sqlite::SqliteRow};

use super::{most, unavailable};
use crate::space::Space;

pub(super) async fn read(pool: &SqlitePool, space: &Space) -> Result<Vec<Offset>, RepositoryError> {
    let query =
        sqlx::query("SELECT partition, offset FROM es_offsets WHERE projection = ? ORDER BY partition");
    let rows = query.bind(space.name.clone()).fetch_all(pool).await.map_err(unavailable)?;
    let offset = |row: &SqliteRow| {
        Ok(Offset { partition: row.try_get::<&str, _>(0)?.into(), offset: row.try_get(1)? })
    };
    rows.iter().map(offset).collect::<Result<_, _>>().map_err(unavailable)
}

pub(super) async fn dead_letters(
    pool: &SqlitePool,
    space: &Space,
    limit: usize,
) -> Result<Vec<DeadLetter>, RepositoryError> {
    let sql = "SELECT partition, offset, bytes, reason FROM es_dead_letters
        WHERE projection = ? ORDER BY id LIMIT ?";
    let query = sqlx::query(sql).bind(space.name.clone()).bind(most(limit));
    let rows = query.fetch_all(pool).await.map_err(unavailable)?;
    let letter = |row: &SqliteRow| {
        let partition = row.try_get::<&str, _>(0)?.into();
        Ok(DeadLetter { partition, offset: row.try_get(1)?, bytes: row.try_get(2)?, reason: row.try_get(3)? })
    };
    rows.iter().map(letter).collect::<Result<_, _>>().map_err(unavailable)
}
