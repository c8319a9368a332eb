//! Databases that are gone when a measurement is done, and as durable for one library as for the next.

use std::path::{Path, PathBuf};

use sqlx::postgres::PgConnectOptions;
use tempfile::TempDir;

use crate::{Error, options::Options};

/// A file for SQLite, which each library opens with a write-ahead log and `synchronous = FULL`.
pub(crate) struct File {
    folder: TempDir,
}

impl File {
    pub(crate) fn within(folder: &Path) -> Result<Self, Error> {
        Ok(Self { folder: tempfile::tempdir_in(folder)? })
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("bench.db")
    }
}

/// Connections to PostgreSQL for each library.
pub(crate) const CONNECTIONS: u32 = 32;

/// A schema of its own in PostgreSQL, whose settings are left as they are.
pub(crate) struct Schema {
    pub(crate) url: String,
    pub(crate) name: String,
}

impl Schema {
    pub(crate) async fn new(options: &Options) -> Result<Self, Error> {
        let url = options.postgres.clone().ok_or("say where PostgreSQL is: --postgres URL")?;
        let schema = Self { url, name: format!("es_bench_{}", uuid::Uuid::now_v7().simple()) };
        schema.say("CREATE SCHEMA", "").await?;
        Ok(schema)
    }

    /// For the libraries whose driver is the older of the two.
    pub(crate) async fn pool(&self) -> Result<sqlx::PgPool, Error> {
        let options: PgConnectOptions = self.url.parse()?;
        let pool = sqlx::postgres::PgPoolOptions::new().max_connections(CONNECTIONS);
        Ok(pool.connect_with(options.options([("search_path", &*self.name)])).await?)
    }

    pub(crate) async fn drop(&self) -> Result<(), Error> {
        self.say("DROP SCHEMA", "CASCADE").await
    }

    async fn say(&self, verb: &str, rest: &str) -> Result<(), Error> {
        let pool = sqlx::PgPool::connect(&self.url).await?;
        sqlx::raw_sql(&format!("{verb} {} {rest}", self.name)).execute(&pool).await?;
        pool.close().await;
        Ok(())
    }
}
