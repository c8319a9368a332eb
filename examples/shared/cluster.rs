//! Events in Cassandra, by the command line.

use clap::ArgMatches;
use event_sourcing::{
    cassandra::CassandraEventStore,
    config::Config,
    sql::sqlx::{self, AssertSqlSafe, PgPool},
};

use super::Failure;

/// What was made for this run alone.
pub(super) struct Own {
    hosts: String,
    keyspace: String,
    /// The database with a schema of that name.
    postgres: Option<String>,
}

/// Sets what the command line says; what it makes for this run alone is returned.
pub(super) fn settings(
    config: &mut Config,
    arguments: &ArgMatches,
    name: &str,
    categories: &[&str],
) -> Result<Option<Own>, Failure> {
    let text = |argument| arguments.get_one::<String>(argument).map_or("", String::as_str);
    let (hosts, pipeline) = (text("hosts"), arguments.get_flag("pipeline"));
    let keyspace = match text("keyspace") {
        "" => format!("{name}_{}", &uuid::Uuid::now_v7().simple().to_string()[..24]),
        given => given.to_owned(),
    };
    config.set("store.kind", "cassandra")?;
    config.set("store.cassandra.hosts", hosts)?;
    config.set("store.cassandra.keyspace", &keyspace)?;
    config.set("store.cassandra.categories", &categories.join(","))?;
    // As many replicas as there are nodes to ask.
    config.set("store.cassandra.create.replicas", &hosts.split(',').count().min(3).to_string())?;
    if pipeline {
        config.set("feed.kind", "kafka")?;
        config.set("feed.kafka.brokers", text("brokers"))?;
        config.set("views.kind", "postgres")?;
        config.set("views.postgres.url", text("postgres"))?;
        config.set("views.postgres.schema", &keyspace)?;
    } else {
        config.set("views.kind", "sqlite")?;
    }
    let postgres = pipeline.then(|| text("postgres").to_owned());
    Ok((!arguments.contains_id("keyspace")).then(|| Own { hosts: hosts.to_owned(), keyspace, postgres }))
}

impl Own {
    pub(super) async fn drop(self) -> Result<(), Failure> {
        if let Some(url) = &self.postgres {
            // It has the letters of a keyspace's name, which was checked.
            let drop = format!("DROP SCHEMA {} CASCADE", self.keyspace);
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(&PgPool::connect(url).await?).await?;
        }
        let hosts = self.hosts.split(',');
        Ok(CassandraEventStore::builder(hosts).keyspace(self.keyspace).drop_keyspace().await?)
    }
}
