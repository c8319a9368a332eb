//! Views on Cassandra.

mod documents;
mod replace;
mod rows;
mod scan;
mod tables;

use std::{collections::HashMap, fmt, sync::Arc};

use es_core::repository::RepositoryError;
use scylla::{
    errors::ExecutionError, response::query_result::QueryRowsResult, statement::prepared::PreparedStatement,
};
use tokio::sync::RwLock;

use crate::{
    ConnectError,
    schema::{self, Table},
    session::Connection,
};
use tables::ViewTable;

/// Views on Apache Cassandra or ScyllaDB: a table for each projection, a row for each aggregate.
///
/// Cassandra has no transactions over rows, so a view's row holds its checkpoint and moves by a lightweight
/// transaction that compares it. That suits views with a row for each aggregate; one whose rows are found by
/// `#[on(key = ..)]` does not compile with it. Rows are listed in the order of their tokens, which is none that a
/// reader would know.
///
/// A row is one view, at most 1 MiB of JSON. Reading one takes a quorum, so that `query_after` finds what it waited
/// for on whichever node it asks.
///
/// Made by [`CassandraEventStore::repository`](crate::CassandraEventStore::repository) or
/// [`Builder::repository`](crate::Builder::repository). Clones are the same repository, and one serves many
/// projections.
///
/// To read a feed from its beginning again, `TRUNCATE` the table `es_offsets`, or give the projection another name.
/// Deleting single rows there does not do it: offsets are written with themselves as time stamps, so that the latest
/// stays, and a deletion of now hides all that follow.
#[derive(Clone)]
pub struct CassandraRepository(Arc<Inner>);

struct Inner {
    connection: Connection,
    keyspace: String,
    save_offset: PreparedStatement,
    load_offsets: PreparedStatement,
    save_letter: PreparedStatement,
    load_letters: PreparedStatement,
    views: RwLock<HashMap<&'static str, Arc<ViewTable>>>,
}

impl CassandraRepository {
    pub(crate) async fn open(connection: Connection, keyspace: String) -> Result<Self, ConnectError> {
        schema::ensure_keyspace(&connection.session, &keyspace, connection.create.as_ref()).await?;
        for table in [Table::offsets(), Table::dead_letters()] {
            ensure(&connection, &keyspace, &table).await?;
        }
        let prepare = async |statement: String| connection.prepare(statement).await;
        let offsets = format!("{keyspace}.es_offsets");
        let letters = format!("{keyspace}.es_dead_letters");
        // The time stamp makes the latest offset stay, whoever writes last.
        let save_offset = prepare(format!(
            "INSERT INTO {offsets} (projection, partition, offset) VALUES (?, ?, ?) USING TIMESTAMP ?"
        ));
        let load_offsets = prepare(format!("SELECT partition, offset FROM {offsets} WHERE projection = ?"));
        let save_letter = prepare(format!(
            "INSERT INTO {letters} (projection, partition, offset, bytes, reason) VALUES (?, ?, ?, ?, ?)"
        ));
        let load_letters = prepare(format!(
            "SELECT partition, offset, bytes, reason FROM {letters} WHERE projection = ? LIMIT ?"
        ));
        let (save_offset, load_offsets) = (save_offset.await?, load_offsets.await?);
        let (save_letter, load_letters) = (save_letter.await?, load_letters.await?);
        let views = RwLock::default();
        // Now rather than at the first event: whether there are nodes enough to read and write.
        let probe = connection.session.execute_unpaged(&load_offsets, ("nobody",)).await;
        probe.map_err(|source| schema::failed(load_offsets.get_statement(), source))?;
        let inner =
            Inner { connection, keyspace, save_offset, load_offsets, save_letter, load_letters, views };
        Ok(Self(Arc::new(inner)))
    }
}

impl Inner {
    /// The prepared statements of a projection; at its first use its table is checked.
    async fn view(&self, projection: &'static str) -> Result<Arc<ViewTable>, RepositoryError> {
        if let Some(view) = self.views.read().await.get(projection) {
            return Ok(view.clone());
        }
        let mut views = self.views.write().await;
        if let Some(view) = views.get(projection) {
            return Ok(view.clone());
        }
        let view = self.open_view(projection).await.map_err(|error| match error {
            // The database is not there; everything else stays as it is until somebody does something.
            ConnectError::Statement { .. } | ConnectError::NoQuorum { .. } => {
                RepositoryError::Unavailable(error.into())
            }
            error => RepositoryError::Unfit { projection, source: error.into() },
        })?;
        let view = Arc::new(view);
        views.insert(projection, view.clone());
        Ok(view)
    }

    /// What one of the statements for one document finds.
    async fn one(
        &self,
        projection: &'static str,
        statement: &PreparedStatement,
        key: &str,
    ) -> Result<QueryRowsResult, RepositoryError> {
        let found = self.connection.session.execute_unpaged(statement, (projection, key)).await;
        found.map_err(failed(projection))?.into_rows_result().map_err(unavailable)
    }

    async fn open_view(&self, projection: &str) -> Result<ViewTable, ConnectError> {
        schema::check_view_name(projection)?;
        ensure(&self.connection, &self.keyspace, &Table::view(projection)).await?;
        ViewTable::prepare(&self.connection, &self.keyspace, projection).await
    }
}

async fn ensure(connection: &Connection, keyspace: &str, table: &Table) -> Result<(), ConnectError> {
    let create = connection.create.is_some();
    table.ensure(&connection.session, keyspace, connection.server.flavour, create).await
}

impl fmt::Debug for CassandraRepository {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CassandraRepository").field("keyspace", &self.0.keyspace).finish_non_exhaustive()
    }
}

fn unavailable(error: impl std::error::Error + Send + Sync + 'static) -> RepositoryError {
    RepositoryError::Unavailable(Box::new(error))
}

/// A failed request. One that the server can never take is no outage.
fn failed(projection: &'static str) -> impl Fn(ExecutionError) -> RepositoryError {
    use scylla::errors::{DbError, RequestAttemptError};
    move |error| match error {
        ExecutionError::LastAttemptError(RequestAttemptError::DbError(DbError::Invalid, _)) => {
            RepositoryError::Unfit { projection, source: error.into() }
        }
        error => unavailable(error),
    }
}
