//! All views, built anew while commands go on.

use std::time::{Duration, Instant};

use event_sourcing::{
    listener::{RebuildError, RebuildProgress},
    prelude::*,
};

use crate::views::{ByCarrier, ByRoute, Logs};

/// How often a line tells how far it is.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// One after the other, so that the machine has something left for commands.
pub(crate) async fn rebuild(app: App) -> Result<(), RebuildError> {
    let done = [
        app.rebuild::<ByCarrier>(now_and_then()).await?,
        app.rebuild::<ByRoute>(now_and_then()).await?,
        app.rebuild::<Logs>(now_and_then()).await?,
    ];
    for progress in done {
        eprintln!("rebuilt {progress}");
    }
    Ok(())
}

/// Writes a line to stderr, but not each time it is told.
fn now_and_then() -> impl FnMut(&RebuildProgress) {
    let mut due = Instant::now();
    move |progress| {
        if Instant::now() >= due {
            eprintln!("{progress}");
            due = Instant::now() + TELL_EVERY;
        }
    }
}
