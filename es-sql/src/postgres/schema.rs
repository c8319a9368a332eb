//! The tables, and which version of them a database holds.

use sqlx::{Connection, PgConnection, Row};

use super::session::Timeouts;
use crate::PrepareError;

pub(super) const DDL: &str = include_str!("schema.sql");
pub(crate) const VERSION: &str = "1";

/// Makes the tables where they are missing; refuses those of another version.
pub(super) async fn prepare(connection: &mut PgConnection) -> Result<(), PrepareError> {
    let encoding: String =
        sqlx::query("SHOW server_encoding").fetch_one(&mut *connection).await?.try_get(0)?;
    if encoding != "UTF8" {
        return Err(PrepareError::Encoding { encoding });
    }
    let mut tx = connection.begin().await?;
    let mut found = version(&mut tx).await?;
    // Asked first, so that a service whose tables somebody else made needs no right to make any.
    if found.is_none() {
        // `IF NOT EXISTS` fails where two make the same table at once.
        lock(&mut tx).await?;
        found = version(&mut tx).await?;
    }
    match found {
        Some(found) if found != VERSION => return Err(PrepareError::NewerSchema { found, known: VERSION }),
        Some(_) => {}
        None => {
            sqlx::raw_sql(DDL).execute(&mut *tx).await?;
        }
    }
    Ok(tx.commit().await?)
}

/// Nobody else makes tables before the transaction ends.
pub(super) async fn lock(tx: &mut PgConnection) -> Result<(), sqlx::Error> {
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('es_settings'))").execute(tx).await.map(drop)
}

const TIMEOUTS: &str =
    "SELECT (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'lock_timeout'),
    (SELECT setting::bigint FROM pg_catalog.pg_settings WHERE name = 'statement_timeout')";

/// What the role has, or the pool gave the connection.
pub(super) async fn timeouts(connection: &mut PgConnection) -> Result<Timeouts, sqlx::Error> {
    let row = sqlx::query(TIMEOUTS).fetch_one(connection).await?;
    let timeout = |column: usize| row.try_get::<i64, _>(column).map(i64::cast_unsigned);
    Ok(Timeouts { lock: timeout(0)?, statement: timeout(1)? })
}

/// Not `to_regclass`: that goes on not seeing a table that was made after this transaction had first looked.
const EXISTS: &str = "SELECT EXISTS (SELECT FROM pg_catalog.pg_class WHERE relname = 'es_settings' AND pg_table_is_visible(oid))";

/// Which version of the tables there is, if there are any.
pub(crate) async fn version(connection: &mut PgConnection) -> Result<Option<String>, sqlx::Error> {
    if !sqlx::query(EXISTS).fetch_one(&mut *connection).await?.try_get::<bool, _>(0)? {
        return Ok(None);
    }
    let query = sqlx::query("SELECT value FROM es_settings WHERE name = 'views'");
    query.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
}
