//! Events in Cassandra.

use std::path::Path;

use clap::ArgMatches;
use event_sourcing::{
    app::AppBuilder,
    cassandra::{CassandraEventStore, Replication},
    kafka::KafkaChangeFeed,
    prelude::*,
    projection::{ViewProjection, style},
    sql::sqlx::{self, AssertSqlSafe, PgPool, postgres::PgConnectOptions},
};

use super::Failure;

pub(crate) struct Cluster {
    store: CassandraEventStore,
    views: Views,
    hosts: Vec<String>,
    keyspace: String,
    is_own: bool,
}

enum Views {
    /// In this process.
    Sqlite(SqlRepository),
    /// At the pipeline's end.
    Postgres { feed: KafkaChangeFeed, views: PostgresRepository, pool: PgPool },
}

impl Cluster {
    pub(crate) async fn open(
        arguments: &ArgMatches,
        db: &Path,
        name: &str,
        categories: &[&str],
    ) -> Result<Self, Failure> {
        let text = |argument| arguments.get_one::<String>(argument).map_or("", String::as_str);
        let hosts: Vec<_> = text("hosts").split(',').map(str::to_owned).collect();
        let is_own = !arguments.contains_id("keyspace");
        let keyspace = match text("keyspace") {
            "" => format!("{name}_{}", &uuid::Uuid::now_v7().simple().to_string()[..24]),
            given => given.to_owned(),
        };
        let mut builder = CassandraEventStore::builder(hosts.clone()).keyspace(&keyspace);
        for category in categories {
            builder = builder.category(*category);
        }
        // As many replicas as there are nodes to ask.
        let replicas = u8::try_from(hosts.len().min(3))?;
        let store = builder.create_if_missing(Replication::Simple(replicas)).connect().await?;
        let views = if arguments.get_flag("pipeline") {
            let feed = KafkaChangeFeed::builder(text("brokers")).keyspace(&keyspace).build()?;
            let pool = pool(text("postgres"), &keyspace).await?;
            Views::Postgres { feed, views: PostgresRepository::new(&pool), pool }
        } else {
            Views::Sqlite(SqlRepository::open(db).await?)
        };
        Ok(Self { store, views, hosts, keyspace, is_own })
    }

    pub(crate) fn app(&self) -> AppBuilder<()> {
        let app = App::builder(self.store.clone());
        match &self.views {
            Views::Sqlite(_) => app,
            Views::Postgres { feed, .. } => app.change_feed(feed.clone()),
        }
    }

    pub(crate) fn project<P>(&self, app: AppBuilder<()>, projection: P) -> AppBuilder<()>
    where
        P: ViewProjection<Style = style::View>,
    {
        match &self.views {
            Views::Sqlite(views) => app.projection(projection, views.clone()),
            Views::Postgres { views, .. } => app.projection(projection, views.clone()),
        }
    }

    pub(crate) async fn close(self) -> Result<(), Failure> {
        if !self.is_own {
            return Ok(());
        }
        if let Views::Postgres { pool, .. } = &self.views {
            let drop = format!("DROP SCHEMA {} CASCADE", self.keyspace);
            sqlx::raw_sql(AssertSqlSafe(drop)).execute(pool).await?;
        }
        Ok(CassandraEventStore::builder(self.hosts).keyspace(self.keyspace).drop_keyspace().await?)
    }
}

/// Connections whose tables are in the schema `name`. It has the letters of a keyspace's name, which was checked.
async fn pool(url: &str, name: &str) -> Result<PgPool, Failure> {
    let options: PgConnectOptions = url.parse()?;
    let admin = PgPool::connect_with(options.clone()).await?;
    sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA IF NOT EXISTS {name}"))).execute(&admin).await?;
    admin.close().await;
    Ok(PgPool::connect_with(options.options([("search_path", name)])).await?)
}
