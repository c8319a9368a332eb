//! An App's backends from a configuration file and the environment.
//!
//! ```
//! # include!(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/sample.rs"));
//! use event_sourcing::config::Config;
//! # #[cfg(feature = "sqlite")]
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # let dir = tempfile::tempdir()?;
//! # std::env::set_current_dir(dir.path())?;
//! # std::fs::write("event-sourcing.toml", r#"
//! #     store = { kind = "sqlite", sqlite.file = "bank.db" }
//! #     views.kind = "sqlite"
//! # "#)?;
//!
//! let backends = Config::load("event-sourcing.toml")?.open().await?;
//! let app = backends.project(backends.app(), Balances)?.start().await?;
//! # app.execute(&"ann".to_owned(), Open { owner: "Ann".to_owned() }).await?;
//! # app.shutdown().await;
//! # Ok(()) }
//! # #[cfg(not(feature = "sqlite"))]
//! # fn main() {}
//! ```
//!
//! Every setting, and the variable that sets it, is in `docs/configuration.md`.

mod backends;
mod error;
mod keys;
mod open;
mod plan;
mod value;
mod values;

pub use backends::{Backends, Keyed};
pub use error::{ConfigError, OpenError, Origin};
pub use keys::reference;

use std::{
    ffi::OsString,
    fmt, fs,
    path::{Path, PathBuf},
};

use values::Values;

/// Settings: where events and views are kept, what brings commits to views, and an App's own.
///
/// What is given later wins: a file, then the environment, then [`Config::set`]. Each setting is checked as it is
/// given, all together by [`Config::check`] and [`Config::open`]. Secrets are not shown by `Debug`.
#[derive(Clone, Default)]
pub struct Config {
    values: Values,
    file: Option<PathBuf>,
}

impl Config {
    /// No settings yet.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let mut config = Config::new();
    /// config.set("store.kind", "memory")?;
    /// let app = config.open().await?.app().start().await?;
    /// # app.shutdown().await;
    /// # Ok(()) }
    /// ```
    pub fn new() -> Self {
        Self::default()
    }

    /// The settings of a TOML file, and over them those of the process's environment.
    ///
    /// ```no_run
    /// # fn load() -> Result<(), event_sourcing::config::ConfigError> {
    /// let config = event_sourcing::config::Config::load("event-sourcing.toml")?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// Names the file or the variable, the setting, and what to write.
    pub fn load(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        Self::from_file(file)?.with_environment(std::env::vars_os())
    }

    /// The settings of a TOML file alone.
    ///
    /// ```
    /// let error = event_sourcing::config::Config::from_file("no-such.toml").unwrap_err();
    /// assert!(error.to_string().starts_with("the configuration no-such.toml cannot be read: "));
    /// ```
    ///
    /// # Errors
    ///
    /// Names the file, the setting, and what to write.
    pub fn from_file(file: impl AsRef<Path>) -> Result<Self, ConfigError> {
        let file = file.as_ref().to_owned();
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(source) => return Err(ConfigError::Unreadable { file, source }),
        };
        let mut values = Values::default();
        values.take_file(&text, Some(&file))?;
        Ok(Self { values, file: Some(file) })
    }

    /// The settings in a text, TOML.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let error = Config::from_text("[app]\ncached_aggregates = \"many\"").unwrap_err();
    /// assert_eq!(error.to_string(), "line 2: `app.cached_aggregates` has to be a whole number of at least 1");
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the line, the setting, and what to write.
    pub fn from_text(text: &str) -> Result<Self, ConfigError> {
        let mut values = Values::default();
        values.take_file(text, None)?;
        Ok(Self { values, file: None })
    }

    /// Takes the settings among `variables`, which win over what was given so far. The name of each begins with
    /// `EVENT_SOURCING__`, and has `__` where the setting has a dot.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let file = "store = { kind = \"cassandra\", cassandra.user = \"bank\" }";
    /// let password = ("EVENT_SOURCING__STORE__CASSANDRA__PASSWORD".into(), "hunter2".into());
    /// let config = Config::from_text(file)?.with_environment([password])?;
    /// assert!(!format!("{config:?}").contains("hunter2"));
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the variable that stands for no setting, or has a value that it cannot have.
    pub fn with_environment(
        mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<Self, ConfigError> {
        self.values.take_environment(variables)?;
        Ok(self)
    }

    /// Sets one, from text as in a variable; from a command line, say.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let mut config = Config::new();
    /// config.set("store.cassandra.hosts", "10.0.0.1:9042,10.0.0.2:9042")?;
    /// config.set("feed.kafka.options.security.protocol", "SSL")?;
    /// let error = config.set("store.cassandra.host", "10.0.0.1").unwrap_err();
    /// assert!(error.to_string().ends_with("did you mean `store.cassandra.hosts`?"));
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the setting, and what it has to be.
    pub fn set(&mut self, key: &str, value: &str) -> Result<(), ConfigError> {
        self.values.set(key, value, Origin::Set)
    }

    /// The value of a setting as text, as a variable would have it: what was given, or what holds without that. For
    /// tools that look at what an application uses; also secrets are answered, so show only what is none.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let config = Config::from_text("store = { kind = \"sqlite\", sqlite.file = \"bank.db\" }")?;
    /// assert_eq!(config.get("store.sqlite.file").as_deref(), Some("bank.db"));
    /// assert_eq!((config.get("feed.kind").as_deref(), config.get("views.kind")), (Some("store"), None));
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    pub fn get(&self, setting: &str) -> Option<String> {
        self.values.shown(setting)
    }

    /// What opens the event store, if it is on Cassandra, with the categories of the configuration; to look at it
    /// without opening it ([`Builder::report`](crate::cassandra::Builder::report)), or to open it otherwise.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let text = "store = { kind = \"cassandra\", cassandra = { hosts = \"10.0.0.1:9042\", keyspace = \"bank\" } }";
    /// assert!(Config::from_text(text)?.cassandra_builder()?.is_some());
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the setting, and what to do.
    #[cfg(feature = "cassandra")]
    pub fn cassandra_builder(&self) -> Result<Option<crate::cassandra::Builder>, ConfigError> {
        plan::cassandra_builder(&self.values)
    }

    /// The change feed, if Kafka brings it. It connects to nothing yet.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let text = "feed = { kind = \"kafka\", kafka.brokers = \"10.0.0.5:9092\" }\nstore.cassandra.keyspace = \"bank\"";
    /// assert!(Config::from_text(text)?.kafka_feed()?.is_some());
    /// # Ok::<(), event_sourcing::config::ConfigError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// Names the setting, and what to do.
    #[cfg(feature = "kafka")]
    pub fn kafka_feed(&self) -> Result<Option<crate::kafka::KafkaChangeFeed>, ConfigError> {
        plan::kafka_feed(&self.values)
    }

    /// Whether all that is needed was given, fits together, and was compiled in. Connects to nothing.
    ///
    /// ```
    /// use event_sourcing::config::Config;
    /// let error = Config::new().check().unwrap_err();
    /// assert!(error.to_string().starts_with("`store.kind` is missing: set it to `sqlite`, `cassandra` or `memory`, "));
    /// ```
    ///
    /// # Errors
    ///
    /// Names the setting, and what to do.
    pub fn check(&self) -> Result<(), ConfigError> {
        plan::Plan::of(&self.values).map(drop)
    }

    /// Opens the event store, the change feed and the database of views.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let config = event_sourcing::config::Config::from_text("store.kind = \"memory\"")?;
    /// let app = config.open().await?.app().start().await?;
    /// # app.shutdown().await;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// What [`Config::check`] finds, and what cannot be opened.
    pub async fn open(&self) -> Result<Backends, OpenError> {
        open::open(plan::Plan::of(&self.values)?).await
    }
}

impl fmt::Debug for Config {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config").field("file", &self.file).field("values", &self.values).finish()
    }
}
