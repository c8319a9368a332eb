//! Keyspace, tables and settings: what they must be, and how they are made.

mod check;
mod ddl;
mod settings;

pub(crate) use check::check_table;
pub use ddl::Replication;
pub(crate) use ddl::{
    Flavour, check_name, events_table, keyspace_ddl, settings_ddl, snapshots_table, table_ddl,
};
pub(crate) use settings::Settings;

use std::sync::Arc;

use scylla::client::session::Session;

use crate::{ConnectError, session::Builder};

/// Events of one partition, for new stores.
pub(crate) const BUCKET_SIZE: u64 = 10_000;

/// Makes what is missing, if that was asked for, checks what is there, and reads the store's settings.
pub(crate) async fn prepare(session: &Arc<Session>, builder: &Builder) -> Result<Settings, ConnectError> {
    let flavour = check::flavour(session).await?;
    let keyspace = &builder.keyspace;
    if let Some(replication) = &builder.create {
        let mut statements = vec![keyspace_ddl(keyspace, replication), settings_ddl(keyspace)];
        for category in &builder.categories {
            statements.extend(table_ddl(keyspace, category, flavour));
        }
        for statement in statements {
            run(session, &statement).await?;
        }
    }
    let datacenters = check::check_keyspace(session, keyspace).await?;
    let settings = settings::agree(session, builder, flavour).await?;
    settings.check(keyspace, datacenters)?;
    for category in &builder.categories {
        check_table(session, keyspace, category, flavour).await?;
    }
    Ok(settings)
}

/// Runs a statement without parameters.
pub(crate) async fn run(
    session: &Session,
    statement: &str,
) -> Result<scylla::response::query_result::QueryResult, ConnectError> {
    session.query_unpaged(statement, ()).await.map_err(|source| failed(statement, source))
}

fn failed(statement: &str, source: impl std::error::Error + Send + Sync + 'static) -> ConnectError {
    ConnectError::Statement { statement: statement.to_owned(), source: Box::new(source) }
}
