//! Whose server answers, and how old it is.

use std::fmt;

use scylla::client::session::Session;

use super::rows_of;
use crate::ConnectError;

/// The oldest Apache Cassandra that is good enough: the first with the lightweight transactions of today.
const LEAST: (u32, u32) = (4, 1);

/// Whose server it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Flavour {
    /// Apache Cassandra.
    Cassandra,
    /// ScyllaDB.
    Scylla,
}

/// The server that the session first talked to.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Server {
    /// Whose it is.
    pub flavour: Flavour,
    /// Its own version, as it says it.
    pub version: String,
}

impl fmt::Display for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = match self.flavour {
            Flavour::Cassandra => "Apache Cassandra",
            Flavour::Scylla => "ScyllaDB",
        };
        write!(f, "{name} {}", self.version)
    }
}

/// Asks it, and refuses one that is too old.
pub(crate) async fn server(session: &Session) -> Result<Server, ConnectError> {
    // Only ScyllaDB has this table.
    const SCYLLA: &str = "SELECT table_name FROM system_schema.tables WHERE keyspace_name = 'system_schema' AND table_name = 'scylla_tables'";
    let found: Vec<(String,)> = rows_of(session, SCYLLA, ()).await?;
    let (flavour, select) = if found.is_empty() {
        (Flavour::Cassandra, "SELECT release_version FROM system.local")
    } else {
        (Flavour::Scylla, "SELECT version FROM system.versions")
    };
    let found: Vec<(Option<String>,)> = rows_of(session, select, ()).await?;
    let version = found.into_iter().find_map(|(version,)| version).unwrap_or_default();
    let server = Server { flavour, version };
    check(&server)?;
    Ok(server)
}

fn check(server: &Server) -> Result<(), ConnectError> {
    if server.flavour == Flavour::Scylla {
        return Ok(());
    }
    let mut parts = server.version.split(['.', '-']).map(|part| part.parse().ok());
    let found = parts.next().flatten().zip(parts.next().flatten());
    match found {
        Some(found) if found >= LEAST => Ok(()),
        _ => Err(ConnectError::TooOld {
            server: server.to_string(),
            least: format!("{}.{}", LEAST.0, LEAST.1),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_servers_are_refused_by_name() {
        let server = |version: &str| Server { flavour: Flavour::Cassandra, version: version.to_owned() };
        for good in ["4.1.10", "4.1-beta1", "5.0.9", "5.0", "10.0.1"] {
            assert!(check(&server(good)).is_ok(), "{good}");
        }
        for bad in ["4.0.18", "3.11.2", "3.0.8", "", "unknown"] {
            let text = check(&server(bad)).unwrap_err().to_string();
            assert!(text.contains(&format!("Apache Cassandra {bad}")) && text.contains("4.1"), "{text}");
        }
        assert!(check(&Server { flavour: Flavour::Scylla, version: "6.2.0".to_owned() }).is_ok());
    }
}
