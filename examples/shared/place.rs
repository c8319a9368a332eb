//! Where an example keeps its events and views: one SQLite file, or Cassandra, with or without the whole pipeline.
//!
//! An application of one's own knows where it runs, and needs only the lines of one of these ways.

use std::{error::Error, path::Path};

use clap::{Arg, ArgAction, ArgMatches};
use event_sourcing::{
    app::AppBuilder,
    prelude::*,
    projection::{ViewProjection, style},
    repository::Repository,
};

#[cfg(all(feature = "pipeline", feature = "testing"))]
#[path = "cluster.rs"]
mod cluster;

type Failure = Box<dyn Error>;

/// An open store, and where views go.
pub(crate) struct Place(Kind);

enum Kind {
    Embedded {
        store: SqliteEventStore,
        views: SqlRepository,
    },
    #[cfg(all(feature = "pipeline", feature = "testing"))]
    Cluster(cluster::Cluster),
}

impl Place {
    /// What the command line asks for. `name` begins that of a keyspace, whose tables are those of `categories`.
    pub(crate) async fn open(
        arguments: &ArgMatches,
        db: &Path,
        name: &str,
        categories: &[&str],
    ) -> Result<Self, Failure> {
        if !arguments.get_flag("pipeline")
            && arguments.get_one("store").is_none_or(|s: &String| s == "sqlite")
        {
            let store = SqliteEventStore::open(db).await?;
            let views = store.repository().await?;
            return Ok(Self(Kind::Embedded { store, views }));
        }
        #[cfg(all(feature = "pipeline", feature = "testing"))]
        return Ok(Self(Kind::Cluster(cluster::Cluster::open(arguments, db, name, categories).await?)));
        #[cfg(not(all(feature = "pipeline", feature = "testing")))]
        {
            let _ = (name, categories);
            Err("this was built without Cassandra: add `--all-features` after `cargo run`".into())
        }
    }

    /// An App over the store, with no projections yet.
    pub(crate) fn app(&self) -> AppBuilder<()> {
        match &self.0 {
            Kind::Embedded { store, .. } => App::builder(store.clone()),
            #[cfg(all(feature = "pipeline", feature = "testing"))]
            Kind::Cluster(cluster) => cluster.app(),
        }
    }

    /// Adds a projection, whose views go where views go here.
    pub(crate) fn project<P>(&self, app: AppBuilder<()>, projection: P) -> AppBuilder<()>
    where
        P: ViewProjection<Style = style::View>,
        SqlRepository: Repository<P>,
    {
        match &self.0 {
            Kind::Embedded { views, .. } => app.projection(projection, views.clone()),
            #[cfg(all(feature = "pipeline", feature = "testing"))]
            Kind::Cluster(cluster) => cluster.project(app, projection),
        }
    }

    /// Removes a keyspace that was made for this run alone.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        match self.0 {
            Kind::Embedded { .. } => Ok(()),
            #[cfg(all(feature = "pipeline", feature = "testing"))]
            Kind::Cluster(cluster) => cluster.close().await,
        }
    }
}

/// The arguments that say where.
pub(crate) fn arguments() -> Vec<Arg> {
    vec![
        Arg::new("store")
            .long("store")
            .value_parser(["sqlite", "cassandra"])
            .help("Where events are kept; with cassandra, views are in SQLite and follow in this process"),
        Arg::new("hosts")
            .long("hosts")
            .value_name("HOST:PORT,..")
            .default_value("127.0.0.1:9042")
            .help("Nodes of Cassandra"),
        Arg::new("keyspace")
            .long("keyspace")
            .value_name("NAME")
            .help("The keyspace, made if it is missing; without it, a new one that is removed at the end"),
        Arg::new("pipeline")
            .long("pipeline")
            .action(ArgAction::SetTrue)
            .help("Events in Cassandra; Debezium and Kafka bring them to views in PostgreSQL"),
        Arg::new("brokers")
            .long("brokers")
            .value_name("HOST:PORT,..")
            .default_value("127.0.0.1:9092")
            .help("Brokers of Kafka, with --pipeline"),
        Arg::new("postgres")
            .long("postgres")
            .value_name("URL")
            .default_value("postgres://postgres@127.0.0.1:54320/postgres")
            .help("The database of views, with --pipeline, in a schema called after the keyspace"),
    ]
}
