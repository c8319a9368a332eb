use uuid::Uuid;

use super::{
    LoadError, Slot,
    load::{Live, decode},
};
use crate::{
    aggregate::Aggregate,
    store::{Commit, DynStore},
};

/// What a command did: the version after it, and its events.
pub(super) type Done<A> = (u64, Vec<<A as Aggregate>::Event>);

/// What command `id` did to this aggregate, if it was done before.
pub(super) async fn done_before<A: Aggregate, S>(
    store: &dyn DynStore,
    slot: &Slot<A, S>,
    live: &Live<A>,
    id: Uuid,
) -> Result<Option<Done<A>>, LoadError> {
    for sequence in live.ids.candidates(id, live.version.last_sequence()) {
        let page = store.read(&slot.stream, sequence, 1).await?;
        for commit in page.commits.iter().filter(|commit| commit.sequence == sequence) {
            if let Some(done) = find::<A>(commit, id)? {
                return Ok(Some(done));
            }
        }
    }
    Ok(None)
}

fn find<A: Aggregate>(commit: &Commit, id: Uuid) -> Result<Option<Done<A>>, LoadError> {
    let broken = |sequence, source| LoadError::Decode { stream: commit.stream.clone(), sequence, source };
    let mut first = commit.sequence;
    for command in commit.commands().map_err(|e| broken(commit.sequence, e))? {
        let next = first.saturating_add(command.events);
        if command.id == id {
            let raw = commit.raw_events().map_err(|e| broken(commit.sequence, e))?;
            let numbered =
                (commit.sequence..).zip(raw).filter(|(sequence, _)| (first..next).contains(sequence));
            let events = numbered.map(|(sequence, raw)| decode(commit, sequence, raw));
            return Ok(Some((next.saturating_sub(1), events.collect::<Result<_, _>>()?)));
        }
        first = next;
    }
    Ok(None)
}
