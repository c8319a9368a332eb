//! The event store.

use es_sql::inspect;
use event_sourcing::config::Config;

use super::Findings;

const PART: &str = "store";

pub(super) async fn look(config: &Config, findings: &mut Findings) {
    match config.get("store.kind").as_deref() {
        Some("sqlite") => sqlite(config, findings).await,
        Some("cassandra") => cassandra(config, findings).await,
        _ => findings.fine(PART, "memory: events are gone when the process ends"),
    }
}

async fn sqlite(config: &Config, findings: &mut Findings) {
    let file = config.get("store.sqlite.file").unwrap_or_default();
    match inspect::last_position(&file).await {
        Ok(0) => findings.fine(PART, format!("sqlite, {file}: no commits yet")),
        Ok(last) => findings.fine(PART, format!("sqlite, {file}: commits up to position {last}")),
        Err(error) => findings.wrong(PART, format!("sqlite, {error}")),
    }
}

#[cfg(not(feature = "cassandra"))]
async fn cassandra(_: &Config, findings: &mut Findings) {
    findings.lacks(PART, "store.kind = \"cassandra\"", "cassandra");
}

#[cfg(feature = "cassandra")]
async fn cassandra(config: &Config, findings: &mut Findings) {
    let builder = match config.cassandra_builder() {
        Ok(Some(builder)) => builder,
        Ok(None) => return,
        Err(error) => return findings.unusable(PART, error),
    };
    let keyspace = config.get("store.cassandra.keyspace").unwrap_or_default();
    let report = match super::within(builder.report()).await {
        Ok(Ok(report)) => report,
        Ok(Err(error)) => return findings.wrong(PART, format!("cassandra, {}", refusal(&error))),
        Err(late) => return findings.wrong(PART, format!("cassandra, {late}")),
    };
    // Without the path of Java's class.
    let short = |value: &str| value.rsplit('.').next().unwrap_or_default().to_owned();
    let replication = report.replication.iter().map(|(name, value)| match name.as_str() {
        "class" => short(value),
        name => format!("{name} {value}"),
    });
    let replication = replication.collect::<Vec<_>>().join(", ");
    let (server, nodes) = (&report.server, crate::text::count(report.nodes.len() as u64, "node"));
    findings.fine(PART, format!("cassandra, keyspace {keyspace}: {server}, {nodes}; {replication}"));
    for (node, why) in &report.silent {
        findings.warn(PART, format!("{node} does not say what it runs with: {why}"));
    }
    for warning in report.warnings() {
        findings.warn(PART, warning);
    }
    if config.get("store.cassandra.categories").is_none() {
        findings.warn(PART, "`store.cassandra.categories` names none, so no table of events was looked at");
    }
}

/// The error without its statements, which take more than a line.
#[cfg(feature = "cassandra")]
pub(super) fn refusal(error: &es_cassandra::ConnectError) -> String {
    use es_cassandra::ConnectError::{NoSuchKeyspace, NoSuchTable};
    let what = match error {
        NoSuchKeyspace { keyspace, .. } => format!("keyspace {keyspace}"),
        NoSuchTable { table, .. } => format!("table {table}"),
        error => return error.to_string(),
    };
    format!(
        "{what} does not exist: run what `cargo es store ddl` prints, or let the application create it \
         (`store.cassandra.create`)"
    )
}
