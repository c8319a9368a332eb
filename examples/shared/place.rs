//! Where an example keeps its events and views: what a configuration file says, or what the command line does.
//!
//! An application of one's own needs only `Config::load("event-sourcing.toml")?.open().await?`.

use std::{error::Error, path::Path};

use clap::{Arg, ArgAction, ArgMatches, parser::ValueSource};
use event_sourcing::{
    app::AppBuilder,
    config::{Backends, Config, ConfigError, Keyed, OpenError},
    projection::ViewProjection,
};

#[cfg(all(feature = "pipeline", feature = "testing"))]
#[path = "cluster.rs"]
mod cluster;

type Failure = Box<dyn Error>;

/// An open store, and where views go.
pub(crate) struct Place {
    backends: Backends,
    /// A keyspace that was made for this run alone, with the nodes and the database that have it.
    #[cfg(all(feature = "pipeline", feature = "testing"))]
    own: Option<cluster::Own>,
}

impl Place {
    /// What the command line asks for, and else the file that it names. `name` begins that of a keyspace, whose tables
    /// are those of `categories`.
    pub(crate) async fn open(
        arguments: &ArgMatches,
        db: &Path,
        name: &str,
        categories: &[&str],
    ) -> Result<Self, Failure> {
        let db = db.to_str().ok_or("--db has to be UTF-8")?;
        if let Some(file) = arguments.get_one::<String>("config") {
            let mut config = Config::load(file)?;
            if arguments.value_source("db") == Some(ValueSource::CommandLine) {
                in_file(&mut config, db)?;
            }
            return Ok(Self::opened(config.open().await?));
        }
        let mut config = Config::new();
        in_file(&mut config, db)?;
        let pipeline = arguments.get_flag("pipeline");
        let store = arguments.get_one::<String>("store");
        if !pipeline && store.is_none_or(|store| store == "sqlite") {
            config.set("store.kind", "sqlite")?;
            config.set("views.kind", "sqlite")?;
            return Ok(Self::opened(config.open().await?));
        }
        #[cfg(all(feature = "pipeline", feature = "testing"))]
        {
            let own = cluster::settings(&mut config, arguments, name, categories)?;
            Ok(Self { backends: config.open().await?, own })
        }
        #[cfg(not(all(feature = "pipeline", feature = "testing")))]
        {
            let _ = (name, categories);
            Err("this was built without Cassandra: add `--all-features` after `cargo run`".into())
        }
    }

    fn opened(backends: Backends) -> Self {
        Self {
            backends,
            #[cfg(all(feature = "pipeline", feature = "testing"))]
            own: None,
        }
    }

    /// An App over the store, with no projections yet.
    pub(crate) fn app(&self) -> AppBuilder<()> {
        self.backends.app()
    }

    /// Adds a projection, whose views go where views go here.
    pub(crate) fn project<P>(&self, app: AppBuilder<()>, projection: P) -> Result<AppBuilder<()>, OpenError>
    where
        P: ViewProjection,
        P::Keying: Keyed<P>,
    {
        self.backends.project(app, projection)
    }

    /// Removes a keyspace that was made for this run alone.
    pub(crate) async fn close(self) -> Result<(), Failure> {
        #[cfg(all(feature = "pipeline", feature = "testing"))]
        if let Some(own) = self.own {
            return own.drop().await;
        }
        Ok(())
    }
}

/// What is kept in SQLite is in `db`.
fn in_file(config: &mut Config, db: &str) -> Result<(), ConfigError> {
    config.set("store.sqlite.file", db)?;
    config.set("views.sqlite.file", db)
}

/// The arguments that say where.
pub(crate) fn arguments() -> Vec<Arg> {
    vec![
        Arg::new("config")
            .long("config")
            .value_name("FILE")
            .conflicts_with_all(["store", "hosts", "keyspace", "pipeline", "brokers", "postgres"])
            .help("Where everything is, as docs/configuration.md has it; instead of what follows"),
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
