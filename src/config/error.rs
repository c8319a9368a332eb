use std::{fmt, io, path::PathBuf};

use es_core::store::BoxError;

/// Where a setting was given.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Origin {
    /// In a file, or in a text without a name.
    Line {
        /// Which file.
        file: Option<PathBuf>,
        /// Which line, from 1.
        line: usize,
    },
    /// In the environment.
    Variable(String),
    /// By [`Config::set`](super::Config::set).
    Set,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line { file: Some(file), line } => write!(f, "{}, line {line}", file.display()),
            Self::Line { file: None, line } => write!(f, "line {line}"),
            Self::Variable(name) => write!(f, "the variable {name}"),
            Self::Set => f.write_str("what `Config::set` was given"),
        }
    }
}

/// A configuration cannot be used. No value is shown that could be a secret.
///
/// ```
/// use event_sourcing::config::{Config, ConfigError};
/// let error = Config::from_text("app.cached_agregates = 5").unwrap_err();
/// assert!(matches!(error, ConfigError::UnknownKey { .. }));
/// assert_eq!(
///     error.to_string(),
///     "line 1: there is no setting `app.cached_agregates`: did you mean `app.cached_aggregates`?"
/// );
/// ```
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("the configuration {} cannot be read: {source}", file.display())]
    Unreadable {
        /// Which.
        file: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not valid TOML.
    #[error("{origin}: this is not valid TOML: {reason}")]
    Syntax {
        /// Where.
        origin: Origin,
        /// What is wrong with it.
        reason: String,
    },
    /// There is no setting of that name.
    #[error("{origin}: there is no setting `{key}`: {remedy}")]
    UnknownKey {
        /// The name.
        key: String,
        /// Where it was given.
        origin: Origin,
        /// Which there are.
        remedy: String,
    },
    /// There is no setting that this variable of the environment stands for.
    #[error("the variable {variable} stands for no setting: {remedy}")]
    UnknownVariable {
        /// The variable.
        variable: String,
        /// Which there are.
        remedy: String,
    },
    /// A variable of the environment is no text.
    #[error("the variable {variable} is not UTF-8: set it to text")]
    NotText {
        /// The variable.
        variable: String,
    },
    /// A value is of the wrong type, or none of those that it may be.
    #[error("{origin}: `{key}` has to be {expected}")]
    BadValue {
        /// The setting.
        key: String,
        /// Where it was given.
        origin: Origin,
        /// What it has to be.
        expected: String,
    },
    /// A setting has to be given.
    #[error("`{key}` is missing: set it to {expected}, in the configuration or by the variable {variable}")]
    Missing {
        /// The setting.
        key: &'static str,
        /// What it has to be.
        expected: String,
        /// The variable that sets it.
        variable: String,
    },
    /// The program was built without what a setting needs.
    #[error(
        "`{key}` needs the feature `{feature}`, which this program was built without: add it to those of \
         event-sourcing-rs in Cargo.toml"
    )]
    FeatureMissing {
        /// The setting, and its value where that matters.
        key: String,
        /// The feature.
        feature: &'static str,
    },
    /// A setting does not go with others, or what it names cannot be used.
    #[error("`{key}`: {reason}")]
    Unfit {
        /// The setting.
        key: String,
        /// Why not, and what to do.
        reason: String,
    },
}

/// What a configuration names could not be opened, or cannot keep what it should.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The configuration itself cannot be used.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The event store.
    #[error("the event store, `{kind}`, cannot be opened: {source}")]
    Store {
        /// The value of `store.kind`.
        kind: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The change feed.
    #[error("the change feed cannot be set up: {source}")]
    Feed {
        /// Why.
        #[source]
        source: BoxError,
    },
    /// The database of views.
    #[error("the database of views, `{kind}`, cannot be opened: {source}")]
    Views {
        /// The value of `views.kind`.
        kind: &'static str,
        /// Why.
        #[source]
        source: BoxError,
    },
    /// Views whose rows are found by keys from events, where there are no transactions over rows.
    #[error(
        "`views.kind` is `cassandra`, which cannot keep the views of `{projection}`: its handlers have \
         `#[on(key = ..)]`; keep views in `postgres` or `sqlite`"
    )]
    NeedsTransactions {
        /// The projection.
        projection: &'static str,
    },
}
