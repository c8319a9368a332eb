//! How long an answer is waited for.

use std::{fmt, io, time::Duration};

/// Gives up what takes longer than `limit`. The error is one of those that a lost connection has.
pub(crate) async fn within<T>(
    limit: Duration,
    what: impl fmt::Display,
    request: impl Future<Output = T>,
) -> Result<T, sqlx::Error> {
    tokio::time::timeout(limit, request).await.map_err(|_| {
        let text = format!("{what} took longer than {limit:?}, and was given up");
        sqlx::Error::Io(io::Error::new(io::ErrorKind::TimedOut, text))
    })
}
