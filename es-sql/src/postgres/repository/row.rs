//! View rows: locked, read and written, many at a time.

use es_core::repository::Row;
use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::most;
use crate::{
    postgres::text::{escape, head, same, tail, unescape},
    space::Space,
};

/// Waits for whoever is making the same row, in the order of keys.
const MAKE: &str = concat!(
    "INSERT INTO es_views (projection, key)
     SELECT $1, k.key FROM unnest($2::text[]) AS k(key) ORDER BY k.key COLLATE \"C\"
     ON CONFLICT (projection, ",
    head!("key"),
    ", ",
    tail!("key"),
    ") DO NOTHING"
);

/// A statement of its own, so that it sees what those it waited for have written.
const LOCK: &str = concat!(
    "SELECT k.at, v.view::text FROM unnest($2::text[]) WITH ORDINALITY AS k(key, at)
     JOIN es_views v ON v.projection = $1 AND ",
    same!("v.key", "k.key"),
    " ORDER BY v.key FOR UPDATE OF v"
);

/// Makes the rows that are missing, locks all of them in the order of `keys`, and reads them.
pub(super) async fn lock(
    tx: &mut PgConnection,
    space: &Space,
    keys: &[String],
) -> Result<Vec<Option<Vec<u8>>>, sqlx::Error> {
    let escaped: Vec<_> = keys.iter().map(|key| escape(key)).collect();
    sqlx::query(MAKE).bind(&*space.name).bind(&escaped).execute(&mut *tx).await?;
    let rows = sqlx::query(LOCK).bind(&*space.name).bind(&escaped).fetch_all(tx).await?;
    if rows.len() != keys.len() {
        let missing = format!("{} of {} rows are there to be locked", rows.len(), keys.len());
        return Err(sqlx::Error::Protocol(missing));
    }
    let mut views = vec![None; keys.len()];
    for row in rows {
        views[row.try_get::<i64, _>(0)? as usize - 1] =
            row.try_get::<Option<String>, _>(1)?.map(String::into);
    }
    Ok(views)
}

const SAVE: &str = concat!(
    "UPDATE es_views v SET view = k.view::json FROM unnest($2::text[], $3::text[]) AS k(key, view)
     WHERE v.projection = $1 AND ",
    same!("v.key", "k.key")
);

pub(super) async fn save(tx: &mut PgConnection, space: &Space, rows: &[Row]) -> Result<(), sqlx::Error> {
    let keys: Vec<_> = rows.iter().map(|(key, _)| escape(key)).collect();
    let views = rows.iter().map(|(_, view)| std::str::from_utf8(view)).collect::<Result<Vec<_>, _>>();
    let views = views.map_err(|e| sqlx::Error::Encode(e.into()))?;
    sqlx::query(SAVE).bind(&*space.name).bind(keys).bind(views).execute(tx).await.map(drop)
}

const GET: &str =
    concat!("SELECT v.view::text FROM es_views v WHERE v.projection = $1 AND ", same!("v.key", "$2"));

pub(super) async fn get(
    connection: &mut PgConnection,
    space: &Space,
    key: &str,
) -> Result<Option<Vec<u8>>, sqlx::Error> {
    let query = sqlx::query(GET).bind(&*space.name).bind(escape(key));
    query
        .fetch_optional(connection)
        .await?
        .map(|row| row.try_get::<String, _>(0).map(String::into))
        .transpose()
}

const FIRST: &str = concat!(
    "SELECT key, view::text FROM es_views WHERE projection = $1 ORDER BY ",
    head!("key"),
    ", key LIMIT $2"
);

const AFTER: &str = concat!(
    "SELECT key, view::text FROM es_views WHERE projection = $1 AND key > $3 AND ",
    head!("key"),
    " >= ",
    head!("$3"),
    " ORDER BY ",
    head!("key"),
    ", key LIMIT $2"
);

pub(super) async fn list(
    connection: &mut PgConnection,
    space: &Space,
    after: Option<&str>,
    limit: usize,
) -> Result<Vec<Row>, sqlx::Error> {
    let query = match after {
        None => sqlx::query(FIRST).bind(&*space.name).bind(most(limit)),
        Some(after) => sqlx::query(AFTER).bind(&*space.name).bind(most(limit)).bind(escape(after)),
    };
    let row = |row: &PgRow| Ok((unescape(row.try_get(0)?), row.try_get::<String, _>(1)?.into()));
    query.fetch_all(connection).await?.iter().map(row).collect()
}
