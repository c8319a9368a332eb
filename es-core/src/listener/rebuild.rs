//! A rebuild: a new generation of the views is filled while the old one serves, and then takes over.

use std::{fmt, sync::Arc, time::Duration};

use tokio::time::{Instant, sleep};

use super::{
    ListenerState, StopReason,
    run::{FIRST_PAUSE, LONGEST_PAUSE},
    served::{NOTICED_WITHIN, Served},
};
use crate::{
    handler::jittered,
    repository::{RepositoryError, TakeOver},
};

/// How often an attempt to take over is made, and progress told.
const LOOK: Duration = Duration::from_millis(100);
/// The old rows show more of the same number of aggregates for so long: perhaps more than there is.
const STANDS_STILL: Duration = Duration::from_secs(20);
/// How long the old rows are kept for processes that have not noticed yet.
pub(super) const KEEP_OLD: Duration = Duration::from_secs(60);

/// How far a rebuild has come.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct RebuildProgress {
    /// Whose views.
    pub projection: &'static str,
    /// Commits that the new generation has taken so far.
    pub applied: u64,
    /// Aggregates of which the old generation shows more.
    pub behind: u64,
    /// How many those were at first.
    pub aggregates: u64,
    /// Since the rebuild began.
    pub elapsed: Duration,
    /// How long it will still take, if it goes on as it has so far. Unknown at first.
    pub remaining: Option<Duration>,
}

impl RebuildProgress {
    /// Commits a second, since the rebuild began.
    pub fn rate(&self) -> f64 {
        self.applied as f64 / self.elapsed.as_secs_f64().max(0.001)
    }
}

impl fmt::Display for RebuildProgress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { projection, applied, behind, aggregates, remaining, .. } = self;
        write!(f, "{projection}: {applied} commits at {:.0} a second, ", self.rate())?;
        write!(f, "{behind} of {aggregates} aggregates behind")?;
        match remaining {
            Some(remaining) => write!(f, ", about {:.0} s left", remaining.as_secs_f64().ceil()),
            None => Ok(()),
        }
    }
}

/// Views were not rebuilt. The old ones serve as before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RebuildError {
    /// Nobody gave the App this projection.
    #[error(
        "projection `{projection}` is not part of this App: add `.projection({type_name}, repository)` to its builder"
    )]
    NotRegistered {
        /// Its name.
        projection: &'static str,
        /// The type that has it.
        type_name: &'static str,
    },
    /// The repository keeps one generation only.
    #[error(
        "the repository of projection `{0}` cannot fill new views beside the old ones: give the projection another name, which starts its views anew, and remove the old ones"
    )]
    Unsupported(&'static str),
    /// Another rebuild of the same views has begun since, here or in another process.
    #[error("another rebuild of projection `{0}` has begun since")]
    Superseded(&'static str),
    /// Events failed that the old views have taken, so that the new ones would stay behind.
    #[error(
        "projection `{projection}` has set {aggregates} aggregates aside in its new views, whose events the old ones have taken: mend their handler, and rebuild again"
    )]
    Parked {
        /// Whose views.
        projection: &'static str,
        /// How many.
        aggregates: u64,
    },
    /// The old views show more than the event store holds, so that the new ones will never show as much.
    #[error(
        "the old views of projection `{projection}` show more of {aggregates} aggregates than the event store holds, as if it was replaced by an older one: compare it with its backups; or give the projection another name, which starts its views anew, and remove the old ones"
    )]
    Diverged {
        /// Whose views.
        projection: &'static str,
        /// How many.
        aggregates: u64,
    },
    /// The listener that fills the new views has ended.
    #[error("projection `{projection}`: the listener that fills the new views has ended: {reason}")]
    Stopped {
        /// Whose views.
        projection: &'static str,
        /// Why.
        reason: StopReason,
    },
    /// The view database failed.
    #[error(transparent)]
    Repository(#[from] RepositoryError),
}

impl Served {
    pub(crate) async fn rebuild(
        self: Arc<Self>,
        mut tell: impl FnMut(&RebuildProgress),
    ) -> Result<RebuildProgress, RebuildError> {
        let projection = self.projection();
        let repository = self.listener.repository.clone();
        if repository.at_generation(0).is_none() {
            return Err(RebuildError::Unsupported(projection));
        }
        let generation = repository.begin_filling().await?;
        let filling = self.at(generation);
        let started = Instant::now();
        let (mut most, mut failures) = (0, 0);
        let (mut before, mut since) = (0, started);
        loop {
            let (behind, parked, done) = match repository.take_over(generation).await {
                Ok(TakeOver::Done) => (0, 0, true),
                Ok(TakeOver::Behind { aggregates, parked }) => (aggregates, parked, false),
                Ok(TakeOver::Superseded) => return Err(RebuildError::Superseded(projection)),
                Err(error @ RepositoryError::Unavailable(_)) => {
                    failures += 1;
                    tracing::warn!(projection, %error, failures, "the rebuild waits");
                    sleep(jittered(FIRST_PAUSE, LONGEST_PAUSE, failures)).await;
                    continue;
                }
                Err(error) => return Err(error.into()),
            };
            failures = 0;
            most = behind.max(most);
            let elapsed = started.elapsed();
            let caught_up = most - behind;
            let remaining = (caught_up > 0).then(|| elapsed.mul_f64(behind as f64 / caught_up as f64));
            let applied = filling.listener.status().applied;
            let progress =
                RebuildProgress { projection, applied, behind, aggregates: most, elapsed, remaining };
            tell(&progress);
            if done {
                self.switch(filling).await;
                self.tokio.spawn(async move {
                    sleep(KEEP_OLD).await;
                    if let Err(error) = repository.prune().await {
                        tracing::warn!(projection, %error, "old views are still there; the next rebuild removes them");
                    }
                });
                // The next rebuild removes what came before these views: by then, nobody reads it any more.
                sleep(2 * NOTICED_WITHIN).await;
                return Ok(progress);
            }
            if parked == behind {
                return Err(RebuildError::Parked { projection, aggregates: parked });
            }
            if let ListenerState::Stopped(reason) = filling.listener.status().state {
                return Err(RebuildError::Stopped { projection, reason });
            }
            if behind != before {
                (before, since) = (behind, Instant::now());
            } else if since.elapsed() >= STANDS_STILL {
                // Where the new rows show all there is, waiting does not help.
                if filling.listener.verify().await.is_ok_and(|found| found.behind == 0)
                    && let Ok(TakeOver::Behind { aggregates, .. }) = repository.take_over(generation).await
                    && aggregates == behind
                {
                    return Err(RebuildError::Diverged { projection, aggregates: behind - parked });
                }
                since = Instant::now();
            }
            sleep(LOOK).await;
        }
    }
}
