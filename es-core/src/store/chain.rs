use super::{Commit, StreamId, Version};
use std::sync::Arc;

/// A stream's commits do not form one chain: restored backups, operator mistakes, or a broken store.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "stream {stream} is forked at sequence {sequence}: {reason}; stop writing to this aggregate and compare the store with its backups"
)]
pub struct StreamForked {
    /// Whose.
    pub stream: StreamId,
    /// The sequence at which the chain breaks.
    pub sequence: u64,
    /// What was expected and what was found.
    pub reason: String,
}

/// Checks that `commits` follow `after` one by one: each begins after the last sequence of the one before
/// and names it as its parent.
///
/// # Errors
///
/// The first place where they do not.
pub fn check_chain(after: &Version, commits: &[Arc<Commit>]) -> Result<(), StreamForked> {
    let mut at = *after;
    for commit in commits {
        let forked =
            |reason| StreamForked { stream: commit.stream.clone(), sequence: commit.sequence, reason };
        if commit.sequence != at.last_sequence() + 1 || commit.last_sequence < commit.sequence {
            return Err(forked(format!(
                "after sequence {} comes a commit of {}..={}",
                at.last_sequence(),
                commit.sequence,
                commit.last_sequence
            )));
        }
        if commit.parent != at.commit_id() {
            return Err(forked(format!("its parent is {:?}, not {:?}", commit.parent, at.commit_id())));
        }
        at = commit.version();
    }
    Ok(())
}
