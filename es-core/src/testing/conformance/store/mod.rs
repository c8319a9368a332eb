//! What an event store has to do.

mod append;
mod bounds;
mod heads;
mod race;
mod read;
mod snapshot;

pub use append::*;
pub use bounds::*;
pub use heads::*;
pub use race::*;
pub use read::*;
pub use snapshot::*;

use std::sync::Arc;

use crate::store::{AppendError, Commit, EventStore, StreamId, Version, check_chain};

/// Appends each in turn.
pub(super) async fn append_all(store: &impl EventStore, commits: &[Arc<Commit>]) {
    for commit in commits {
        store.append(commit.clone()).await.expect("the place is free");
    }
}

/// The whole stream, by pages of at most `limit`.
pub(super) async fn read_all(store: &impl EventStore, stream: &StreamId, limit: usize) -> Vec<Arc<Commit>> {
    let mut all: Vec<Arc<Commit>> = Vec::new();
    loop {
        let from = all.last().map_or(1, |c| c.last_sequence + 1);
        let page = store.read(stream, from, limit).await.expect("a page");
        assert!(page.commits.len() <= limit, "{} commits where {limit} are the most", page.commits.len());
        assert!(!page.commits.is_empty() || !page.more, "an empty page must be the last");
        all.extend(page.commits);
        if !page.more {
            return all;
        }
    }
}

/// The stream holds exactly these commits, and says so everywhere.
async fn assert_holds(store: &impl EventStore, stream: &StreamId, commits: &[Arc<Commit>]) {
    assert_eq!(read_all(store, stream, 100).await, commits, "{stream} holds other commits");
    let head = store.head(stream).await.expect("a head");
    assert_eq!(head, commits.last().map_or(Version::EMPTY, |c| c.version()), "{stream} ends elsewhere");
    check_chain(&Version::EMPTY, commits).expect("one chain");
}

fn assert_refused(outcome: Result<(), AppendError>, why: &str) {
    match outcome {
        Err(AppendError::Conflict { .. }) => {}
        other => panic!("{why}: a conflict was due, not {other:?}"),
    }
}
