use std::collections::BTreeMap;

use scylla::client::session::Session;

use super::{Replication, keyspace_ddl, rows_of, run};
use crate::ConnectError;

/// The keyspace's replication as the server keeps it; made, if it is missing and that was asked for.
pub(crate) async fn ensure_keyspace(
    session: &Session,
    keyspace: &str,
    create: Option<&Replication>,
) -> Result<BTreeMap<String, String>, ConnectError> {
    if let Some(found) = replication(session, keyspace).await? {
        return Ok(found);
    }
    let missing = |replication| ConnectError::NoSuchKeyspace {
        keyspace: keyspace.to_owned(),
        ddl: keyspace_ddl(keyspace, replication),
    };
    let Some(wanted) = create else { return Err(missing(&Replication::Simple(3))) };
    run(session, &keyspace_ddl(keyspace, wanted)).await?;
    replication(session, keyspace).await?.ok_or_else(|| missing(wanted))
}

/// The same for one that may be missing.
pub(crate) async fn replication(
    session: &Session,
    keyspace: &str,
) -> Result<Option<BTreeMap<String, String>>, ConnectError> {
    const SELECT: &str = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let found: Vec<(BTreeMap<String, String>,)> = rows_of(session, SELECT, (keyspace,)).await?;
    Ok(found.into_iter().next().map(|(options,)| options))
}
