//! Databases of views, looked at from outside: for tools of operators, which know no projection's type.
//!
//! Everything here only reads. No file and no table is made, and no write lock is taken, so that it can be done beside a
//! running service. Nothing acts on what it finds either: parked aggregates are retried or skipped by `App::retry_parked`
//! and `App::skip_parked` of a running process, whose handlers it takes.

mod error;
#[cfg(feature = "postgres")]
mod postgres;
mod rows;
#[cfg(feature = "sqlite")]
mod sqlite;

pub use error::InspectError;

use std::time::SystemTime;

use es_core::{repository::DeadLetter, store::StreamId};

use rows::{Found, Line};

/// A projection, as the database knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Projection {
    /// Its name.
    pub name: String,
    /// The generation of its views that queries are answered from.
    pub serving: Generation,
    /// The one that a rebuild fills, or was filling when it was given up.
    pub filling: Option<Generation>,
}

/// One generation of a projection's views.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Generation {
    /// Which: 0 until the first rebuild.
    pub number: u32,
    /// So many have a checkpoint.
    pub aggregates: u64,
    /// So many of them are set aside.
    pub parked: u64,
    /// Records that no decoder understood.
    pub dead_letters: u64,
}

/// An aggregate that is set aside.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parked {
    /// Which.
    pub stream: StreamId,
    /// The last sequence that is in the view, 0 for none.
    pub applied: u64,
    /// The sequence that failed.
    pub sequence: u64,
    /// What its handler or decoder said.
    pub error: String,
    /// When.
    pub at: SystemTime,
}

/// A database that keeps views. Each question makes a connection of its own, and ends it.
///
/// ```
/// # #[cfg(feature = "sqlite")]
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use es_sql::{SqlRepository, inspect::{InspectError, Inspector}};
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("views.db");
/// let missing = Inspector::sqlite(&file).projections().await;
/// assert!(matches!(missing, Err(InspectError::NoFile { .. })) && !file.exists());
///
/// SqlRepository::open(&file).await?;
/// assert!(Inspector::sqlite(&file).projections().await?.is_empty());
/// # Ok(()) }
/// # #[cfg(not(feature = "sqlite"))]
/// # fn main() {}
/// ```
#[derive(Clone, Debug)]
pub struct Inspector(Place);

#[derive(Clone, Debug)]
enum Place {
    #[cfg(feature = "sqlite")]
    Sqlite(sqlite::File),
    #[cfg(feature = "postgres")]
    Postgres(Box<postgres::Server>),
}

impl Inspector {
    /// Views in the file `path`, of a [`SqlRepository`](crate::SqlRepository).
    ///
    /// A file that nobody has open is read without any lock, and nothing appears beside it. One in use is read as by any
    /// other reader: it takes part in the write-ahead log that is there already.
    #[cfg(feature = "sqlite")]
    pub fn sqlite(path: impl Into<std::path::PathBuf>) -> Self {
        Self(Place::Sqlite(sqlite::File::new(path.into())))
    }

    /// Views in PostgreSQL, of a [`PostgresRepository`](crate::PostgresRepository): `url` and `schema` as
    /// [`PostgresRepository::connect`](crate::PostgresRepository::connect) takes them. Connects to nothing yet. Its sessions
    /// are read-only ones.
    ///
    /// # Errors
    ///
    /// When the address cannot be read, which is not shown, or the schema cannot be called that.
    #[cfg(feature = "postgres")]
    pub fn postgres(url: &str, schema: Option<&str>) -> Result<Self, InspectError> {
        Ok(Self(Place::Postgres(Box::new(postgres::Server::new(url, schema)?))))
    }

    /// Where it is, for people: without the password.
    pub fn place(&self) -> String {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Place::Sqlite(file) => file.place(),
            #[cfg(feature = "postgres")]
            Place::Postgres(server) => server.place(),
        }
    }

    /// All projections that have left something in the database, by name. Looks at every checkpoint.
    ///
    /// # Errors
    ///
    /// See [`InspectError`].
    pub async fn projections(&self) -> Result<Vec<Projection>, InspectError> {
        Ok(rows::projections(self.ask::<Line>(None).await?))
    }

    /// The aggregates that are set aside in the generation of `projection` that serves, at most `limit`, in the order of
    /// their names.
    ///
    /// # Errors
    ///
    /// See [`InspectError`]; [`InspectError::NoProjection`] names those that there are.
    pub async fn parked(&self, projection: &str, limit: usize) -> Result<Vec<Parked>, InspectError> {
        self.of(projection, limit).await
    }

    /// The records that no decoder understood, in the generation of `projection` that serves, oldest first, at most
    /// `limit`.
    ///
    /// # Errors
    ///
    /// As [`Inspector::parked`].
    pub async fn dead_letters(
        &self,
        projection: &str,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, InspectError> {
        self.of(projection, limit).await
    }

    async fn of<T: Found>(&self, projection: &str, limit: usize) -> Result<Vec<T>, InspectError> {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        let found = self.ask(Some((projection, limit))).await?;
        if found.is_empty() {
            // Nothing to show, or a slip of the pen.
            let known = self.projections().await?;
            if known.iter().all(|known| known.name != projection) {
                let known = known.into_iter().map(|known| known.name).collect();
                return Err(InspectError::NoProjection {
                    name: projection.to_owned(),
                    place: self.place(),
                    known,
                });
            }
        }
        Ok(found)
    }

    async fn ask<T: Found>(&self, of: Option<(&str, i64)>) -> Result<Vec<T>, InspectError> {
        match &self.0 {
            #[cfg(feature = "sqlite")]
            Place::Sqlite(file) => file.ask(of).await,
            #[cfg(feature = "postgres")]
            Place::Postgres(server) => server.ask(of).await,
        }
    }
}

/// The last position of the event store in the file `path`: how many commits it has been given, or a few less.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use es_sql::{SqliteEventStore, inspect};
/// # let folder = tempfile::tempdir()?;
/// let file = folder.path().join("bank.db");
/// SqliteEventStore::open(&file).await?;
/// assert_eq!(inspect::last_position(&file).await?, 0);
/// # Ok(()) }
/// ```
///
/// # Errors
///
/// See [`InspectError`].
#[cfg(feature = "sqlite")]
pub async fn last_position(path: impl Into<std::path::PathBuf>) -> Result<i64, InspectError> {
    let found = sqlite::File::new(path.into()).ask::<rows::Last>(None).await?;
    Ok(found.first().map_or(0, |last| last.0))
}
