//! Whether what is there is as the store needs it.

use scylla::client::session::Session;

use super::{Flavour, events_table, failed, run, snapshots_table, table_ddl};
use crate::ConnectError;

/// Columns as `system_schema.columns` shows them: name, type, kind.
type Columns = &'static [(&'static str, &'static str, &'static str)];

const EVENTS: Columns = &[
    ("aggregate_id", "text", "partition_key"),
    ("bucket", "bigint", "partition_key"),
    ("codec", "text", "regular"),
    ("commit_id", "uuid", "regular"),
    ("committed_at", "timestamp", "regular"),
    ("events", "blob", "regular"),
    ("last_sequence", "bigint", "regular"),
    ("metadata", "blob", "regular"),
    ("parent", "uuid", "regular"),
    ("sequence", "bigint", "clustering"),
];
const SNAPSHOTS: Columns = &[
    ("aggregate_id", "text", "partition_key"),
    ("command_ids", "blob", "regular"),
    ("commit_id", "uuid", "regular"),
    ("fingerprint", "bigint", "partition_key"),
    ("last_sequence", "bigint", "regular"),
    ("sequence", "bigint", "regular"),
    ("state", "blob", "regular"),
];

/// Whose server answers: only ScyllaDB has this table.
pub(crate) async fn flavour(session: &Session) -> Result<Flavour, ConnectError> {
    let found = run(
        session,
        "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system_schema' AND table_name = 'scylla_tables'",
    )
    .await?;
    let rows = found.into_rows_result().map_err(|e| failed("SELECT .. FROM system_schema.tables", e))?;
    Ok(if rows.rows_num() > 0 { Flavour::Scylla } else { Flavour::Cassandra })
}

/// The datacenters that the keyspace is replicated to by name; none for a strategy without regard to them.
pub(crate) async fn check_keyspace(session: &Session, keyspace: &str) -> Result<Vec<String>, ConnectError> {
    const SELECT: &str = "SELECT replication FROM system_schema.keyspaces WHERE keyspace_name = ?";
    let found = session.query_unpaged(SELECT, (keyspace,)).await.map_err(|e| failed(SELECT, e))?;
    let rows = found.into_rows_result().map_err(|e| failed(SELECT, e))?;
    let row: Option<(std::collections::BTreeMap<String, String>,)> =
        rows.maybe_first_row().map_err(|e| failed(SELECT, e))?;
    let Some((options,)) = row else {
        let ddl = super::keyspace_ddl(keyspace, &super::Replication::Simple(3));
        return Err(ConnectError::NoSuchKeyspace { keyspace: keyspace.to_owned(), ddl });
    };
    let datacenters = options.into_keys().filter(|name| name != "class" && name != "replication_factor");
    Ok(datacenters.collect())
}

/// Checks both tables of a category.
pub(crate) async fn check_table(
    session: &Session,
    keyspace: &str,
    category: &str,
    flavour: Flavour,
) -> Result<(), ConnectError> {
    let [events_ddl, snapshots_ddl] = table_ddl(keyspace, category, flavour);
    let (events, snapshots) = (events_table(category), snapshots_table(category));
    check_columns(session, keyspace, &events, EVENTS, events_ddl).await?;
    check_columns(session, keyspace, &snapshots, SNAPSHOTS, snapshots_ddl).await?;
    check_options(session, keyspace, &events, flavour).await
}

async fn check_columns(
    session: &Session,
    keyspace: &str,
    table: &str,
    wanted: Columns,
    ddl: String,
) -> Result<(), ConnectError> {
    const SELECT: &str = "SELECT column_name, type, kind FROM system_schema.columns WHERE keyspace_name = ? AND table_name = ?";
    let found = session.query_unpaged(SELECT, (keyspace, table)).await.map_err(|e| failed(SELECT, e))?;
    let rows = found.into_rows_result().map_err(|e| failed(SELECT, e))?;
    let rows = rows.rows::<(String, String, String)>().map_err(|e| failed(SELECT, e))?;
    let mut found = rows.collect::<Result<Vec<_>, _>>().map_err(|e| failed(SELECT, e))?;
    let full = format!("{keyspace}.{table}");
    if found.is_empty() {
        return Err(ConnectError::NoSuchTable { table: full, ddl });
    }
    found.sort();
    let is_wanted = |(name, r#type, kind): &(String, String, String)| {
        wanted.contains(&(name.as_str(), r#type.as_str(), kind.as_str()))
    };
    let reason = match found.iter().find(|column| !is_wanted(column)) {
        Some((name, r#type, kind)) => Some(format!("its column `{name}` is a {kind} `{type}`")),
        None => {
            let missing = wanted.iter().find(|(name, ..)| !found.iter().any(|(found, ..)| found == name));
            missing.map(|(name, ..)| format!("it has no column `{name}`"))
        }
    };
    match reason {
        None => Ok(()),
        Some(reason) => Err(ConnectError::UnfitTable {
            table: full,
            reason,
            remedy: format!("use another keyspace, or a table that is made so:\n{ddl}"),
        }),
    }
}

/// Rows must never expire, and every commit must reach the change log.
async fn check_options(
    session: &Session,
    keyspace: &str,
    table: &str,
    flavour: Flavour,
) -> Result<(), ConnectError> {
    let unfit = |reason: String, remedy: String| {
        Err(ConnectError::UnfitTable { table: format!("{keyspace}.{table}"), reason, remedy })
    };
    let select = match flavour {
        Flavour::Cassandra => {
            "SELECT default_time_to_live, cdc FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
        }
        Flavour::Scylla => {
            "SELECT default_time_to_live FROM system_schema.tables WHERE keyspace_name = ? AND table_name = ?"
        }
    };
    let found = session.query_unpaged(select, (keyspace, table)).await.map_err(|e| failed(select, e))?;
    let rows = found.into_rows_result().map_err(|e| failed(select, e))?;
    let (ttl, cdc) = match flavour {
        Flavour::Cassandra => {
            let row = rows.first_row::<(Option<i32>, Option<bool>)>().map_err(|e| failed(select, e))?;
            (row.0, row.1.unwrap_or(false))
        }
        // ScyllaDB keeps a log table beside a table whose changes it captures.
        Flavour::Scylla => {
            let row = rows.first_row::<(Option<i32>,)>().map_err(|e| failed(select, e))?;
            let log = format!("{table}_scylla_cdc_log");
            let found =
                session.query_unpaged(select, (keyspace, log)).await.map_err(|e| failed(select, e))?;
            (row.0, found.into_rows_result().is_ok_and(|rows| rows.rows_num() > 0))
        }
    };
    if let Some(ttl) = ttl.filter(|ttl| *ttl != 0) {
        return unfit(
            format!(
                "its rows expire after {ttl} s, and in the place of an expired commit a second one could be stored"
            ),
            format!("run: ALTER TABLE {keyspace}.{table} WITH default_time_to_live = 0"),
        );
    }
    if !cdc {
        let on = if flavour == Flavour::Cassandra { "true" } else { "{'enabled': true}" };
        return unfit(
            "its changes are not captured, so no listener would see them".to_owned(),
            format!(
                "run: ALTER TABLE {keyspace}.{table} WITH cdc = {on}, and `cdc_enabled: true` on every node"
            ),
        );
    }
    Ok(())
}
