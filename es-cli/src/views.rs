//! Which database of views is meant.

use std::{io, path::PathBuf};

use es_sql::inspect::{InspectError, Inspector};
use event_sourcing::config::{Config, ConfigError};

/// What the command line says about it.
pub(crate) enum Place {
    /// What an application's configuration says.
    Config(PathBuf),
    Sqlite(PathBuf),
    Postgres {
        address: String,
        schema: Option<String>,
    },
}

/// The views cannot be looked at.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum ViewsError {
    #[error("{0}; name the file with `--config FILE`, or the database with `--sqlite FILE`")]
    NoConfig(ConfigError),
    #[error(transparent)]
    Config(ConfigError),
    #[error("the configuration says nothing of views: set `views.kind`")]
    NoViews,
    #[error("views in `{kind}` cannot be looked at from here: ask a running process, with {instead}")]
    Elsewhere { kind: String, instead: &'static str },
    #[error(
        "{what} needs more than this cargo-es was built with: install es-cli with `--features {feature}`"
    )]
    NeedsFeature { what: String, feature: &'static str },
    #[error("the runtime cannot be started: {0}")]
    Runtime(#[from] io::Error),
    #[cfg(feature = "postgres")]
    #[error("{0}")]
    Late(String),
    #[error(transparent)]
    Inspect(#[from] InspectError),
}

impl From<ConfigError> for ViewsError {
    fn from(error: ConfigError) -> Self {
        match error {
            // Its own words are for those who build an application.
            ConfigError::FeatureMissing { key, feature } => {
                Self::NeedsFeature { what: format!("`{key}`"), feature }
            }
            error @ ConfigError::Unreadable { .. } => Self::NoConfig(error),
            error => Self::Config(error),
        }
    }
}

pub(crate) fn open(place: Place) -> Result<Inspector, ViewsError> {
    match place {
        Place::Config(file) => of(&Config::load(file)?),
        Place::Sqlite(file) => Ok(Inspector::sqlite(file)),
        Place::Postgres { address, schema } => postgres(&address, schema.as_deref()),
    }
}

/// Those that the application keeps.
pub(crate) fn of(config: &Config) -> Result<Inspector, ViewsError> {
    let kind = config.get("views.kind").ok_or(ViewsError::NoViews)?;
    match kind.as_str() {
        "sqlite" => {
            let file = config.get("views.sqlite.file").or_else(|| config.get("store.sqlite.file"));
            Ok(Inspector::sqlite(given(config, file)?))
        }
        "postgres" => {
            let address = given(config, config.get("views.postgres.url"))?;
            postgres(&address, config.get("views.postgres.schema").as_deref())
        }
        "cassandra" => Err(ViewsError::Elsewhere { kind, instead: "`App::parked` and `App::dead_letters`" }),
        _ => Err(ViewsError::Elsewhere { kind, instead: "`App::projections`: they are in its memory" }),
    }
}

/// A setting that has to be there; without it the check says which one is missing.
fn given(config: &Config, value: Option<String>) -> Result<String, ViewsError> {
    match (value, config.check()) {
        (Some(value), _) => Ok(value),
        (None, Err(error)) => Err(error.into()),
        (None, Ok(())) => Err(ViewsError::NoViews),
    }
}

#[cfg(feature = "postgres")]
fn postgres(address: &str, schema: Option<&str>) -> Result<Inspector, ViewsError> {
    Ok(Inspector::postgres(address, schema)?)
}

#[cfg(not(feature = "postgres"))]
fn postgres(_: &str, _: Option<&str>) -> Result<Inspector, ViewsError> {
    Err(ViewsError::NeedsFeature { what: "PostgreSQL".to_owned(), feature: "postgres" })
}

/// Waits for what is asked of a database.
pub(crate) fn wait<T, E>(asked: impl Future<Output = Result<T, E>>) -> Result<T, ViewsError>
where
    ViewsError: From<E>,
{
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    Ok(runtime.block_on(asked)?)
}
