//! Which servers answer, and what they are.

use std::{
    collections::BTreeMap,
    net::{TcpStream, ToSocketAddrs},
    time::Duration,
};

use event_sourcing::sql::sqlx::{self, PgPool, Row};
use scylla::client::session_builder::SessionBuilder;

use crate::{Error, cases, options::Servers};

const PATIENCE: Duration = Duration::from_secs(2);

/// What answers.
#[derive(Debug, Default)]
pub(crate) struct Found {
    pub(crate) cassandra: bool,
    pub(crate) kafka: bool,
    pub(crate) postgres: bool,
    pub(crate) versions: BTreeMap<&'static str, String>,
}

impl Found {
    /// What is left out without those that do not.
    pub(crate) fn missing(&self, servers: &Servers) -> Vec<String> {
        let Servers { cassandra, brokers, .. } = servers;
        let mut missing = Vec::new();
        let mut say = |answers: bool, what: &str| {
            if !answers {
                let remedy = "`cargo xtask stack up --pipeline` starts it";
                missing.push(format!("{what}, which does not answer: {remedy}"));
            }
        };
        say(self.cassandra, &format!("what needs Cassandra at {cassandra}"));
        say(self.kafka, &format!("what needs Kafka at {brokers}"));
        say(self.postgres, "what needs PostgreSQL");
        missing
    }
}

pub(crate) fn find(servers: &Servers) -> Found {
    let found = Found {
        cassandra: answers(&servers.cassandra),
        kafka: servers.brokers.split(',').any(answers),
        ..Found::default()
    };
    let asked = cases::on_all_threads(async {
        let mut versions = BTreeMap::new();
        let said = tokio::time::timeout(PATIENCE * 5, postgres(&servers.postgres)).await;
        versions.extend(said.ok().and_then(Result::ok).map(|said| ("PostgreSQL", said)));
        if found.cassandra {
            let said = cassandra(&servers.cassandra).await?;
            versions.insert("Cassandra", said);
        }
        Ok(versions)
    });
    let versions = asked.unwrap_or_default();
    Found { postgres: versions.contains_key("PostgreSQL"), versions, ..found }
}

fn answers(server: &str) -> bool {
    let addresses = server.to_socket_addrs().into_iter().flatten();
    addresses.into_iter().any(|address| TcpStream::connect_timeout(&address, PATIENCE).is_ok())
}

/// With what decides how durable a commit is.
async fn postgres(url: &str) -> Result<String, Error> {
    let pool = PgPool::connect(url).await?;
    let mut said = String::new();
    for setting in ["server_version", "fsync", "synchronous_commit"] {
        let row = sqlx::query("SELECT current_setting($1)").bind(setting).fetch_one(&pool).await?;
        let value: String = row.try_get(0)?;
        said += &match setting {
            "server_version" => value,
            _ => format!(", {setting} {value}"),
        };
    }
    pool.close().await;
    Ok(said)
}

async fn cassandra(node: &str) -> Result<String, Error> {
    let session = SessionBuilder::new().known_node(node).build().await?;
    let text = async |statement: &str| -> Result<String, Error> {
        let rows = session.query_unpaged(statement, ()).await?.into_rows_result()?;
        Ok(rows.first_row::<(String,)>()?.0)
    };
    let version = text("SELECT release_version FROM system.local").await?;
    let nodes = session.get_cluster_state().get_nodes_info().len();
    let sync = text("SELECT value FROM system_views.settings WHERE name = 'commitlog_sync'").await;
    Ok(format!("{version}, nodes: {nodes}, commitlog_sync {}", sync.unwrap_or_else(|_| "unknown".to_owned())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_does_not_answer_is_said() {
        let servers = Servers {
            cassandra: "127.0.0.1:1".to_owned(),
            brokers: "127.0.0.1:1".to_owned(),
            postgres: "postgres://nobody@127.0.0.1:1/none".to_owned(),
        };
        let found = find(&servers);
        assert!(!found.cassandra && !found.kafka && !found.postgres, "{found:?}");
        assert_eq!(found.missing(&servers).len(), 3);
        let all = Found { cassandra: true, kafka: true, postgres: true, ..Found::default() };
        assert!(all.missing(&servers).is_empty());
    }
}
