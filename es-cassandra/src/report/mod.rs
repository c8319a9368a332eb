//! What the servers run with, and what that means.

mod meaning;
mod nodes;

use std::{collections::BTreeMap, fmt};

use scylla::client::session::Session;

use crate::{ConnectError, Flavour, Server, schema};

/// How much a [`Finding`] matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Severity {
    /// As it should be, or a matter of taste.
    Fine,
    /// A promise is weaker than it could be.
    Warning,
}

/// One setting on all nodes.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// Its name in `system_views.settings`.
    pub setting: &'static str,
    /// Each value with the nodes that have it; `None` where a node has no such setting, because of its version.
    pub values: BTreeMap<Option<String>, Vec<String>>,
    /// How much it matters.
    pub severity: Severity,
    /// What it means for this framework.
    pub meaning: String,
}

impl Finding {
    /// Whether all nodes have the same value. Where they do not, each of them keeps its own promises only.
    pub fn is_agreed(&self) -> bool {
        self.values.len() <= 1
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} = ", self.setting)?;
        for (at, (value, nodes)) in self.values.iter().enumerate() {
            let value = value.as_deref().unwrap_or("(no such setting)");
            let separator = if at == 0 { "" } else { ", " };
            write!(f, "{separator}{value}")?;
            if !self.is_agreed() {
                write!(f, " on {}", nodes.join(" and "))?;
            }
        }
        write!(f, ": {}", self.meaning)
    }
}

/// What [`CassandraEventStore::report`](crate::CassandraEventStore::report) found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Report {
    /// The server that answered first.
    pub server: Server,
    /// The keyspace's replication, as the server keeps it.
    pub replication: BTreeMap<String, String>,
    /// The nodes that answered, as `address:port`.
    pub nodes: Vec<String>,
    /// The nodes that did not, and why.
    pub silent: BTreeMap<String, String>,
    /// What was found, one for each setting that matters. Empty where no node says what it runs with: ScyllaDB has no
    /// such table, and elsewhere its reader needs the right to (`GRANT SELECT ON system_views.settings`).
    pub findings: Vec<Finding>,
}

impl Report {
    pub(crate) async fn of(session: &Session, server: &Server, keyspace: &str) -> Result<Self, ConnectError> {
        let replication = schema::replication(session, keyspace).await?.unwrap_or_default();
        let mut report = Self {
            server: server.clone(),
            replication,
            nodes: Vec::new(),
            silent: BTreeMap::new(),
            findings: Vec::new(),
        };
        match server.flavour {
            Flavour::Cassandra => {
                let asked = nodes::settings(session).await?;
                report.nodes = asked.answers.keys().cloned().collect();
                report.silent = asked.silent;
                report.findings = meaning::findings(&asked.answers);
            }
            Flavour::Scylla => {
                report.nodes = session
                    .get_cluster_state()
                    .get_nodes_info()
                    .iter()
                    .map(|n| n.address.to_string())
                    .collect();
            }
        }
        Ok(report)
    }

    /// What somebody should look at.
    pub fn warnings(&self) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(|finding| finding.severity >= Severity::Warning)
    }

    fn log(&self) {
        tracing::info!(server = %self.server, nodes = self.nodes.len(), "connected");
        if self.server.flavour == Flavour::Scylla {
            tracing::info!(
                "ScyllaDB does not show its settings: see to it that the commit log is synced before a write is acknowledged (commitlog_sync: batch)"
            );
        }
        for (node, error) in &self.silent {
            tracing::warn!(node, error, "a node does not say what it runs with");
        }
        for finding in &self.findings {
            match finding.severity {
                Severity::Fine => tracing::debug!("{finding}"),
                Severity::Warning => tracing::warn!("{finding}"),
            }
        }
    }
}

/// Logs what the servers run with, and refuses nodes that capture no changes.
pub(crate) async fn check(
    session: &Session,
    server: &Server,
    keyspace: &str,
) -> Result<Report, ConnectError> {
    let report = Report::of(session, server, keyspace).await?;
    report.log();
    let cdc = report.findings.iter().find(|finding| finding.setting == meaning::CDC);
    let off = cdc.and_then(|finding| finding.values.get(&Some("false".to_owned())));
    match off {
        Some(nodes) => Err(ConnectError::CdcDisabled { nodes: nodes.clone() }),
        None => Ok(report),
    }
}
