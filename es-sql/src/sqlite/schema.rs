//! The tables, and which version of them a file holds.

use std::path::Path;

use sqlx::{Connection, Row, SqliteConnection};

use super::connect::database;
use crate::OpenError;

/// A set of tables with a version of its own.
pub(crate) struct Schema {
    pub(crate) name: &'static str,
    pub(crate) version: u32,
    ddl: &'static str,
}

/// The event store's.
pub(crate) const STORE: Schema = Schema { name: "store", version: 1, ddl: include_str!("schema/store.sql") };
/// The repository's.
pub(crate) const VIEWS: Schema = Schema { name: "views", version: 1, ddl: include_str!("schema/views.sql") };

const SETTINGS: &str = "CREATE TABLE IF NOT EXISTS es_settings (
    name TEXT PRIMARY KEY NOT NULL, value TEXT NOT NULL
) WITHOUT ROWID";

impl Schema {
    /// Makes what is missing, in one transaction; refuses tables of a newer version.
    pub(crate) async fn create(
        &self,
        connection: &mut SqliteConnection,
        path: &Path,
    ) -> Result<(), OpenError> {
        match self.try_create(connection).await {
            Ok(None) => Ok(()),
            Ok(Some(found)) => Err(OpenError::NewerSchema {
                path: path.to_owned(),
                what: self.name,
                found,
                known: self.version,
            }),
            Err(error) => Err(database(path, error)),
        }
    }

    /// Answers another version that the file has.
    async fn try_create(&self, connection: &mut SqliteConnection) -> Result<Option<String>, sqlx::Error> {
        let mut tx = connection.begin_with("BEGIN IMMEDIATE").await?;
        sqlx::raw_sql(SETTINGS).execute(&mut *tx).await?;
        let query = sqlx::query("SELECT value FROM es_settings WHERE name = ?").bind(self.name);
        let found =
            query.fetch_optional(&mut *tx).await?.map(|row| row.try_get::<String, _>(0)).transpose()?;
        let version = self.version.to_string();
        match found {
            Some(found) if found != version => Ok(Some(found)),
            Some(_) => Ok(None),
            None => {
                sqlx::raw_sql(self.ddl).execute(&mut *tx).await?;
                let insert = sqlx::query("INSERT INTO es_settings (name, value) VALUES (?, ?)");
                insert.bind(self.name).bind(version).execute(&mut *tx).await?;
                tx.commit().await?;
                Ok(None)
            }
        }
    }
}
