//! What an error is due to: the event, or the database.

use std::{borrow::Cow, error::Error, iter::successors};

#[cfg(feature = "postgres")]
use es_core::repository::{ApplyError, RepositoryError};
use sqlx::error::DatabaseError;

type Cause = dyn Error + 'static;

/// Whether the event is not to blame: the database was out of reach, or another transaction was in the way.
pub(crate) fn is_databases(error: &Cause) -> bool {
    chain(error).any(|error| is_away(error) || is_conflict(error) || is_locked(error))
}

/// Whether the batch can be done again at once: it met another transaction.
#[cfg(feature = "postgres")]
pub(crate) fn is_retryable(error: &ApplyError) -> bool {
    let ApplyError::Repository(RepositoryError::Unavailable(source)) = error else { return false };
    chain(&**source).any(is_conflict)
}

/// The error, what it comes of, and so on.
fn chain<'e>(error: &'e Cause) -> impl Iterator<Item = &'e Cause> {
    successors(Some(error), |error: &&'e Cause| (*error).source())
}

/// PostgreSQL: a serialization failure, or a deadlock.
fn is_conflict(error: &Cause) -> bool {
    matches!(code(error).as_deref(), Some("40001" | "40P01"))
}

/// PostgreSQL: a lock that another transaction has had for too long, and may have for longer.
fn is_locked(error: &Cause) -> bool {
    code(error).as_deref() == Some("55P03")
}

/// Whether the database is out of reach.
pub(crate) fn is_away(error: &Cause) -> bool {
    match error.downcast_ref() {
        Some(
            sqlx::Error::Io(_)
            | sqlx::Error::Tls(_)
            | sqlx::Error::Protocol(_)
            | sqlx::Error::PoolTimedOut
            | sqlx::Error::PoolClosed
            | sqlx::Error::WorkerCrashed,
        ) => true,
        _ => code(error).is_some_and(|code| is_code_of_away(&code)),
    }
}

/// PostgreSQL: a lost connection, no resources, an operator at work, a failing disk; SQLite: busy, locked, a failing
/// disk, a full one.
fn is_code_of_away(code: &str) -> bool {
    let of_postgres = code.len() == 5 && ["08", "53", "57", "58"].iter().any(|class| code.starts_with(class));
    let of_sqlite = code.parse::<i32>().is_ok_and(|code| [5, 6, 10, 13].contains(&(code & 0xff)));
    // A statement that took longer than the role may is the event's: it would do so again.
    let is_slow = code == "57014";
    (of_postgres && !is_slow) || (code.len() < 5 && of_sqlite) || code == "25P03"
}

/// The code that the database gave. An error of the application that is transparent, as those of `thiserror` may be and
/// `anyhow`'s are, does not have the driver's error as its source, but the source of that.
fn code(error: &Cause) -> Option<Cow<'_, str>> {
    #[cfg(feature = "postgres")]
    if let Some(error) = error.downcast_ref::<sqlx::postgres::PgDatabaseError>() {
        return DatabaseError::code(error);
    }
    #[cfg(feature = "sqlite")]
    if let Some(error) = error.downcast_ref::<sqlx::sqlite::SqliteError>() {
        return DatabaseError::code(error);
    }
    match error.downcast_ref::<sqlx::Error>() {
        Some(error) => error.as_database_error()?.code(),
        None => error.downcast_ref::<Box<dyn DatabaseError>>()?.code(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fmt, io};

    use es_core::store::BoxError;

    use super::*;

    /// A database's error.
    #[derive(Debug, thiserror::Error)]
    #[error("code {0}")]
    struct Coded(&'static str);

    impl DatabaseError for Coded {
        fn message(&self) -> &str {
            self.0
        }
        fn code(&self) -> Option<Cow<'_, str>> {
            Some(self.0.into())
        }
        fn as_error(&self) -> &(dyn Error + Send + Sync + 'static) {
            self
        }
        fn as_error_mut(&mut self) -> &mut (dyn Error + Send + Sync + 'static) {
            self
        }
        fn into_error(self: Box<Self>) -> BoxError {
            self
        }
        fn kind(&self) -> sqlx::error::ErrorKind {
            sqlx::error::ErrorKind::Other
        }
    }

    fn coded(code: &'static str) -> sqlx::Error {
        sqlx::Error::Database(Box::new(Coded(code)))
    }

    #[derive(Debug, thiserror::Error)]
    enum Failure {
        #[error(transparent)]
        Hidden(#[from] sqlx::Error),
        #[error("with a text")]
        Shown(#[source] sqlx::Error),
        #[error("a layer above")]
        Above(#[source] Box<Failure>),
        #[error("of the driver's parts")]
        Part(#[source] Box<dyn DatabaseError>),
    }

    /// What `anyhow` boxes as a standard error.
    #[derive(Debug)]
    struct Like<E>(E);

    impl<E: fmt::Display> fmt::Display for Like<E> {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            self.0.fmt(f)
        }
    }

    impl<E: Error> Error for Like<E> {
        fn source(&self) -> Option<&Cause> {
            self.0.source()
        }
    }

    /// In whatever a handler may return it.
    fn wrapped(code: &'static str) -> Vec<BoxError> {
        let part = Box::new(Coded(code));
        vec![
            coded(code).into(),
            Failure::Hidden(coded(code)).into(),
            Failure::Shown(coded(code)).into(),
            Failure::Above(Box::new(Failure::Hidden(coded(code)))).into(),
            Failure::Part(part).into(),
            Like(coded(code)).into(),
            Like(Failure::Hidden(coded(code))).into(),
            std::sync::Arc::new(coded(code)).into(),
        ]
    }

    #[test]
    fn a_code_is_found_in_whatever_it_is_wrapped() {
        // Conflicts, then a server that is going, then SQLite's locks.
        for code in ["40001", "40P01", "55P03", "57P01", "53300", "5", "517"] {
            for (at, error) in wrapped(code).into_iter().enumerate() {
                assert!(is_databases(&*error), "{code} {at}: {error:?}");
            }
        }
        // A constraint, a slow statement, a constraint of SQLite.
        for code in ["23502", "57014", "1299"] {
            for (at, error) in wrapped(code).into_iter().enumerate() {
                assert!(!is_databases(&*error), "{code} {at}: {error:?}");
            }
        }
    }

    #[cfg(feature = "postgres")]
    #[test]
    fn a_conflict_is_done_again_at_once_in_whatever_it_is_wrapped() {
        let unavailable = |error| ApplyError::Repository(RepositoryError::Unavailable(error));
        for (at, error) in wrapped("40001").into_iter().enumerate() {
            assert!(is_retryable(&unavailable(error)), "{at}");
        }
        for code in ["57P01", "55P03"] {
            assert!(!wrapped(code).into_iter().map(unavailable).any(|error| is_retryable(&error)));
        }
    }

    /// A handler's own input and output, and what it cannot decode, say nothing about the database.
    #[test]
    fn not_every_io_error_is_the_databases() {
        let end = || io::Error::from(io::ErrorKind::UnexpectedEof);
        assert!(is_databases(&sqlx::Error::Io(end())));
        assert!(!is_databases(&end()));
        assert!(!is_databases(&Failure::Hidden(sqlx::Error::Decode(end().into()))));
    }
}
