//! Reads that failed on their way.

use std::{
    future::Future,
    time::{Duration, Instant},
};

use es_core::store::ReadError;
use scylla::errors::ExecutionError;

use super::{Inner, append::is_certain};
use crate::session::pause;

/// How long a broken connection may need to be made anew.
const CONNECTED_WITHIN: Duration = Duration::from_secs(1);

impl Inner {
    /// Reads again what ran out of time or broke on its way, for as long as a write would be settled: to read twice
    /// changes nothing, and whoever waits had rather wait than begin anew. Where no node is connected, it gives up
    /// sooner.
    pub(super) async fn again<T, F>(&self, read: impl Fn() -> F) -> Result<T, ReadError>
    where
        F: Future<Output = Result<T, ReadError>>,
    {
        let begin = Instant::now();
        let mut failures = 0;
        loop {
            let error = match read().await {
                Err(ReadError::Unavailable(error)) => error,
                result => return result,
            };
            let within = match error.downcast_ref() {
                Some(ExecutionError::ConnectionPoolError(_)) => CONNECTED_WITHIN.min(self.settle_within),
                Some(error) if !is_certain(error) => self.settle_within,
                _ => Duration::ZERO,
            };
            if begin.elapsed() >= within {
                return Err(ReadError::Unavailable(error));
            }
            failures += 1;
            tracing::debug!(%error, failures, "a read is tried again");
            tokio::time::sleep(pause(failures)).await;
        }
    }
}
