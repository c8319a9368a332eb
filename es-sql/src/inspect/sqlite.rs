//! Files that are only read.

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use sqlx::{
    ConnectOptions, Connection, Error, Row, SqliteConnection,
    sqlite::{SqliteConnectOptions, SqliteRow},
};

use super::{
    InspectError,
    rows::{Columns, Found},
};
use crate::sqlite::schema::{STORE, VIEWS};

/// How long it waits for whoever is recovering the file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

#[derive(Clone, Debug)]
pub(super) struct File(PathBuf);

impl File {
    pub(super) fn new(path: PathBuf) -> Self {
        Self(path)
    }

    pub(super) fn place(&self) -> String {
        self.0.display().to_string()
    }

    pub(super) async fn ask<T: Found>(&self, of: Option<(&str, i64)>) -> Result<Vec<T>, InspectError> {
        if !self.0.is_file() {
            return Err(InspectError::NoFile { path: self.0.clone() });
        }
        unchanged(&self.0, |immutable| self.ask_once(immutable, of)).await
    }

    async fn ask_once<T: Found>(
        &self,
        immutable: bool,
        of: Option<(&str, i64)>,
    ) -> Result<Vec<T>, InspectError> {
        let failed = |error: Error| InspectError::Unreadable { place: self.place(), source: error.into() };
        // Absolute, so that a name that begins with `file:` is not taken for a URI.
        let path = std::path::absolute(&self.0).map_err(|error| failed(error.into()))?;
        let options = SqliteConnectOptions::new().filename(path).read_only(true).immutable(immutable);
        let options = options.busy_timeout(BUSY_TIMEOUT).disable_statement_logging();
        let mut connection = options.connect().await.map_err(failed)?;
        let schema = if T::OF == "events" { STORE } else { VIEWS };
        let found = version(&mut connection, schema.name).await.map_err(failed)?;
        let known = schema.version.to_string();
        let place = || self.place();
        match found {
            None => return Err(InspectError::NoTables { place: place(), what: T::OF }),
            Some(found) if found != known => {
                return Err(InspectError::OtherSchema { place: place(), what: T::OF, found, known });
            }
            Some(_) => {}
        }
        let mut query = sqlx::query(T::SQLITE);
        if let Some((projection, limit)) = of {
            query = query.bind(projection).bind(limit);
        }
        let rows = query.fetch_all(&mut connection).await.map_err(failed)?;
        connection.close().await.map_err(failed)?;
        rows.iter().map(|row| T::of(row)).collect::<Result<_, _>>().map_err(failed)
    }
}

/// What `read` finds. It is told whether it may take the file for one that nobody changes; otherwise also a reader makes
/// the log's two files, and leaves them behind.
async fn unchanged<A: Future>(path: &Path, read: impl Fn(bool) -> A) -> A::Output {
    let before = Traces::of(path);
    if before.at_rest {
        let answer = read(true).await;
        if Traces::of(path) == before {
            return answer;
        }
        // Somebody has opened it meanwhile, and what was read may be from before and after.
    }
    read(false).await
}

async fn version(connection: &mut SqliteConnection, what: &str) -> Result<Option<String>, Error> {
    let exists = sqlx::query("SELECT count(*) FROM sqlite_schema WHERE name = 'es_settings'");
    if exists.fetch_one(&mut *connection).await?.try_get::<i64, _>(0)? == 0 {
        return Ok(None);
    }
    let query = sqlx::query("SELECT value FROM es_settings WHERE name = $1").bind(what);
    query.fetch_optional(connection).await?.map(|row| row.try_get(0)).transpose()
}

/// By what it shows that somebody has the file open, or has written to it.
#[derive(PartialEq)]
struct Traces {
    /// Without a log beside it, which every process that uses the file makes first, and the last one removes.
    at_rest: bool,
    written: Option<(u64, SystemTime)>,
}

impl Traces {
    fn of(path: &Path) -> Self {
        let beside = |end: &str| {
            let mut name = OsString::from(path);
            name.push(end);
            Path::new(&name).exists()
        };
        let written = std::fs::metadata(path).and_then(|file| Ok((file.len(), file.modified()?))).ok();
        Self { at_rest: !beside("-wal") && !beside("-journal"), written }
    }
}

impl Columns for SqliteRow {
    fn text(&self, at: usize) -> Result<String, Error> {
        self.try_get(at)
    }
    fn number(&self, at: usize) -> Result<Option<i64>, Error> {
        self.try_get(at)
    }
    fn bytes(&self, at: usize) -> Result<Vec<u8>, Error> {
        self.try_get(at)
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Mutex};

    use super::*;

    #[tokio::test]
    async fn what_changes_meanwhile_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("views.db");
        fs::write(&file, "1").unwrap();
        let asked = async |meanwhile: fn(&Path)| {
            let asked = Mutex::new(Vec::new());
            let read = |immutable| {
                asked.lock().unwrap().push(immutable);
                meanwhile(&file);
                std::future::ready(())
            };
            unchanged(&file, read).await;
            asked.into_inner().unwrap()
        };
        assert_eq!(asked(|_| ()).await, [true]);
        assert_eq!(asked(|file| fs::write(file, "22").unwrap()).await, [true, false]);
        let opened = |file: &Path| fs::write(file.with_extension("db-wal"), "").unwrap();
        assert_eq!(asked(opened).await, [true, false]);
        assert_eq!(asked(|_| ()).await, [false], "somebody has it open");
    }
}
