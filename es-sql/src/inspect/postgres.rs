//! Sessions that only read.

use sqlx::{
    ConnectOptions, Connection, Error, Row,
    postgres::{PgConnectOptions, PgRow},
};

use super::{
    InspectError,
    rows::{Columns, Found},
};
use crate::postgres::{VERSION, check_name, options, unescape, version};

/// Said by the session itself, so that nothing that follows could write.
const READ_ONLY: &str = "SET SESSION CHARACTERISTICS AS TRANSACTION READ ONLY";

#[derive(Clone, Debug)]
pub(super) struct Server {
    options: PgConnectOptions,
    schema: Option<String>,
}

impl Server {
    pub(super) fn new(url: &str, schema: Option<&str>) -> Result<Self, InspectError> {
        let mut options = options(url)?.disable_statement_logging();
        if let Some(schema) = schema {
            check_name(schema)?;
            options = options.options([("search_path", schema)]);
        }
        Ok(Self { options, schema: schema.map(str::to_owned) })
    }

    pub(super) fn place(&self) -> String {
        let (host, port) = (self.options.get_host(), self.options.get_port());
        let database = self.options.get_database().unwrap_or_else(|| self.options.get_username());
        let schema = self.schema.as_ref().map(|schema| format!(", schema {schema}")).unwrap_or_default();
        format!("PostgreSQL {host}:{port}/{database}{schema}")
    }

    pub(super) async fn ask<T: Found>(&self, of: Option<(&str, i64)>) -> Result<Vec<T>, InspectError> {
        let failed = |error: Error| InspectError::Unreadable { place: self.place(), source: error.into() };
        let mut connection = self.options.connect().await.map_err(failed)?;
        sqlx::raw_sql(READ_ONLY).execute(&mut connection).await.map_err(failed)?;
        let place = || self.place();
        match version(&mut connection).await.map_err(failed)? {
            None => return Err(InspectError::NoTables { place: place(), what: T::OF }),
            Some(found) if found != VERSION => {
                let known = VERSION.to_owned();
                return Err(InspectError::OtherSchema { place: place(), what: T::OF, found, known });
            }
            Some(_) => {}
        }
        let mut query = sqlx::query(T::POSTGRES);
        if let Some((projection, limit)) = of {
            query = query.bind(projection).bind(limit);
        }
        let rows = query.fetch_all(&mut connection).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        rows.iter().map(|row| T::of(row)).collect::<Result<_, _>>().map_err(failed)
    }
}

impl Columns for PgRow {
    fn text(&self, at: usize) -> Result<String, Error> {
        self.try_get(at).map(unescape)
    }
    fn number(&self, at: usize) -> Result<Option<i64>, Error> {
        self.try_get(at)
    }
    fn bytes(&self, at: usize) -> Result<Vec<u8>, Error> {
        self.try_get(at)
    }
}
