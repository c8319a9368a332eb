use std::path::PathBuf;

use es_core::store::BoxError;

/// A database cannot be looked at, or has not what was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum InspectError {
    /// There is no such file. None was made.
    #[error(
        "{path:?} does not exist: check the name, and the folder it is relative to; an application makes it at its start"
    )]
    NoFile {
        /// Which.
        path: PathBuf,
    },
    /// The database has no tables of event-sourcing-rs, or not these. None were made.
    #[error("{place} has no tables for {what}: check the name; an application makes them at its start")]
    NoTables {
        /// Which database.
        place: String,
        /// Which of the tables: `events` or `views`.
        what: &'static str,
    },
    /// Another version of event-sourcing-rs made the tables.
    #[error(
        "{place}: the tables for {what} have version {found}, this program knows {known}: use the newer one"
    )]
    OtherSchema {
        /// Which database.
        place: String,
        /// Which of the tables: `events` or `views`.
        what: &'static str,
        /// The version in the database.
        found: String,
        /// The version known here.
        known: String,
    },
    /// The database does not answer, or not with what these tables have.
    #[error(
        "{place} cannot be read: {source}; check that it is the one that is meant, and that this user may read it"
    )]
    Unreadable {
        /// Which database.
        place: String,
        /// What the driver said.
        #[source]
        source: BoxError,
    },
    /// Nothing in the database is of a projection of that name.
    #[error(
        "{place} knows no projection `{name}`: {}",
        if known.is_empty() { "it has none yet".to_owned() } else { format!("it has {}", known.join(", ")) }
    )]
    NoProjection {
        /// The name.
        name: String,
        /// Which database.
        place: String,
        /// Those that there are.
        known: Vec<String>,
    },
    /// The address of a PostgreSQL database, or the name of a schema, is none. The address is not shown.
    #[cfg(feature = "postgres")]
    #[error(transparent)]
    Address(#[from] crate::PrepareError),
}
