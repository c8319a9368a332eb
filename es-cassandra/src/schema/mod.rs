//! Keyspace, tables and settings: what they must be, and how they are made.

mod ddl;
mod keyspace;
mod server;
mod settings;
mod table;

pub use ddl::Replication;
pub(crate) use ddl::{check_name, check_view_name, events_table, keyspace_ddl, snapshots_table, view_table};
pub(crate) use keyspace::{ensure_keyspace, replication};
pub(crate) use server::server;
pub use server::{Flavour, Server};
pub(crate) use settings::Settings;
pub(crate) use table::{Table, ensure_category};

use scylla::{
    client::session::Session,
    deserialize::row::DeserializeRow,
    errors::{DbError, ExecutionError, RequestAttemptError},
    response::query_result::QueryResult,
    serialize::row::SerializeRow,
};

use crate::{ConnectError, session::Builder};

/// Makes what is missing, if that was asked for, checks what is there, and reads the store's settings.
pub(crate) async fn prepare(
    session: &Session,
    builder: &Builder,
    flavour: Flavour,
) -> Result<Settings, ConnectError> {
    let (keyspace, create) = (&builder.keyspace, builder.create.is_some());
    ensure_keyspace(session, keyspace, builder.create.as_ref()).await?;
    Table::settings().ensure(session, keyspace, flavour, create).await?;
    let settings = settings::agree(session, builder, flavour).await?;
    for category in &builder.categories {
        ensure_category(session, keyspace, category, flavour, create).await?;
    }
    Ok(settings)
}

/// The same checks of what is there. Makes nothing, and writes no settings where none are yet.
pub(crate) async fn look(session: &Session, builder: &Builder, flavour: Flavour) -> Result<(), ConnectError> {
    let keyspace = &builder.keyspace;
    ensure_keyspace(session, keyspace, None).await?;
    Table::settings().ensure(session, keyspace, flavour, false).await?;
    settings::look(session, builder, flavour).await?;
    for category in &builder.categories {
        ensure_category(session, keyspace, category, flavour, false).await?;
    }
    Ok(())
}

/// Runs a statement without parameters.
pub(crate) async fn run(session: &Session, statement: &str) -> Result<QueryResult, ConnectError> {
    session.query_unpaged(statement, ()).await.map_err(|source| failed(statement, source))
}

/// All rows of a query, which are few.
async fn rows_of<R>(
    session: &Session,
    statement: &str,
    values: impl SerializeRow,
) -> Result<Vec<R>, ConnectError>
where
    R: for<'frame, 'metadata> DeserializeRow<'frame, 'metadata>,
{
    let found = session.query_unpaged(statement, values).await.map_err(|source| failed(statement, source))?;
    let rows = found.into_rows_result().map_err(|source| malformed(statement, source))?;
    let rows = rows.rows::<R>().map_err(|source| malformed(statement, source))?;
    rows.collect::<Result<_, _>>().map_err(|source| malformed(statement, source))
}

pub(crate) fn failed(statement: &str, source: ExecutionError) -> ConnectError {
    use ExecutionError::LastAttemptError;
    let statement = statement.to_owned();
    match source {
        LastAttemptError(RequestAttemptError::DbError(DbError::Unavailable { required, alive, .. }, _)) => {
            ConnectError::NoQuorum { statement, required, alive }
        }
        source => ConnectError::Statement { statement, source: Box::new(source) },
    }
}

pub(crate) fn malformed(
    statement: &str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> ConnectError {
    ConnectError::Statement { statement: statement.to_owned(), source: Box::new(source) }
}
