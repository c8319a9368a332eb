//! Connections, by an address.

use sqlx::{
    AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool, Row, postgres::PgConnectOptions,
};

use super::{PostgresRepository, session::REQUEST};
use crate::{PrepareError, limit::within};

impl PostgresRepository {
    /// Keeps views in the database at `url`, `postgres://user:password@host:port/database`. With a `schema`, the tables
    /// are in that one, which is made if it is missing; without, where the role's `search_path` leads.
    ///
    /// Errors do not show the address, which may hold a password. [`PostgresRepository::new`] takes a pool of one's
    /// own, with options of one's own.
    ///
    /// ```no_run
    /// # async fn open() -> Result<(), es_sql::PrepareError> {
    /// use es_sql::PostgresRepository;
    /// let views = PostgresRepository::connect("postgres://bank@10.0.0.3/bank", Some("views")).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// When the address cannot be read, the database does not answer, or the schema cannot be made.
    pub async fn connect(url: &str, schema: Option<&str>) -> Result<Self, PrepareError> {
        let mut options = options(url)?;
        schema.map_or(Ok(()), check_name)?;
        let connected = within(REQUEST, "connecting", ensure_schema(&options, schema)).await.flatten();
        connected.map_err(|error| PrepareError::Connect {
            host: options.get_host().to_owned(),
            port: options.get_port(),
            source: error.into(),
        })?;
        if let Some(schema) = schema {
            options = options.options([("search_path", schema)]);
        }
        Ok(Self::new(&PgPool::connect_lazy_with(options)))
    }
}

/// What the address says. It is not in the error.
pub(crate) fn options(url: &str) -> Result<PgConnectOptions, PrepareError> {
    url.parse().map_err(|_| PrepareError::Address)
}

/// Names go into statements, where nothing can be bound in their place.
pub(crate) fn check_name(schema: &str) -> Result<(), PrepareError> {
    let fits = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let begins = schema.starts_with(|c: char| c.is_ascii_lowercase() || c == '_');
    if begins && schema.len() <= 63 && schema.chars().all(fits) {
        return Ok(());
    }
    Err(PrepareError::SchemaName(schema.to_owned()))
}

/// Connects once, because a pool would go on trying for half a minute, and makes the schema if it is missing.
async fn ensure_schema(options: &PgConnectOptions, schema: Option<&str>) -> Result<(), sqlx::Error> {
    let mut connection = options.connect().await?;
    if let Some(schema) = schema {
        make(&mut connection, schema).await?;
    }
    connection.close().await
}

/// Asked first, so that a role without the right to make one can use one that is there.
async fn make(connection: &mut PgConnection, schema: &str) -> Result<(), sqlx::Error> {
    if exists(connection, schema).await? {
        return Ok(());
    }
    let made =
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA \"{schema}\""))).execute(&mut *connection).await;
    match made {
        // Another process may have been first.
        Err(error) if !exists(connection, schema).await? => Err(error),
        _ => Ok(()),
    }
}

async fn exists(connection: &mut PgConnection, schema: &str) -> Result<bool, sqlx::Error> {
    let query = sqlx::query("SELECT EXISTS (SELECT FROM pg_catalog.pg_namespace WHERE nspname = $1)");
    query.bind(schema).fetch_one(connection).await?.try_get(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_cannot_be_used_is_refused_before_anything_is_sent_and_shows_no_password() {
        let refused =
            async |url, schema| PostgresRepository::connect(url, schema).await.unwrap_err().to_string();
        for url in ["postgres://bank:hunter2@host:port/bank", "hunter2"] {
            let error = refused(url, None).await;
            assert!(error.starts_with("the address of the PostgreSQL database"), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
        for name in ["", "Bank", "1", "a b", "a\"b", &"a".repeat(64)] {
            let error = refused("postgres://bank@127.0.0.1/bank", Some(name)).await;
            assert!(error.starts_with(&format!("`{name}` cannot be the name of a schema")), "{error}");
        }
    }

    /// On a clock that goes on where nobody does anything else.
    #[tokio::test(start_paused = true)]
    async fn a_host_that_says_nothing_is_not_waited_for_for_ever() {
        let host = tokio::net::TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("postgres://bank@{}/bank", host.local_addr().unwrap());
        let connected = PostgresRepository::connect(&url, None);
        let connected = tokio::time::timeout(std::time::Duration::from_secs(3600), connected).await;
        let error = connected.expect("it is given up").unwrap_err().to_string();
        assert!(error.contains("connecting took longer than 60s"), "{error}");
    }
}
