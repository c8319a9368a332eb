use std::sync::Arc;

use super::{LoadError, Recorded, load::decode};
use crate::{
    aggregate::Aggregate,
    event::Metadata,
    store::{Commit, DynStore, ReadError, StreamId},
};

/// The events of a stream from sequence `from` on, of at most `limit` commits, and whether there are more.
pub(crate) async fn history<A: Aggregate>(
    store: &dyn DynStore,
    stream: &StreamId,
    from: u64,
    limit: usize,
) -> Result<(Vec<Recorded<A>>, bool), LoadError> {
    if limit == 0 {
        return Ok((Vec::new(), false));
    }
    let mut page = store.read(stream, from, limit).await?;
    let begins_before = from > 1 && page.commits.first().is_none_or(|first| first.sequence > from);
    if begins_before && let Some(holder) = holder(store, stream, from).await? {
        page.more |= page.commits.len() == limit;
        page.commits.truncate(limit.saturating_sub(1));
        page.commits.insert(0, holder);
    }
    let mut recorded = Vec::new();
    for commit in &page.commits {
        record(commit, &mut recorded)?;
    }
    recorded.retain(|event| event.metadata.sequence >= from);
    Ok((recorded, page.more))
}

/// The commit that begins before `sequence` and holds it. It begins at most a whole commit's length before.
async fn holder(
    store: &dyn DynStore,
    stream: &StreamId,
    sequence: u64,
) -> Result<Option<Arc<Commit>>, ReadError> {
    const PAGE: usize = 256;
    let mut from = sequence.saturating_sub(store.limits().commit_events).max(1);
    loop {
        let page = store.read(stream, from, PAGE).await?;
        for commit in page.commits {
            if commit.last_sequence >= sequence {
                return Ok((commit.sequence < sequence).then_some(commit));
            }
            from = commit.last_sequence + 1;
        }
        if !page.more {
            return Ok(None);
        }
    }
}

fn record<A: Aggregate>(commit: &Arc<Commit>, out: &mut Vec<Recorded<A>>) -> Result<(), LoadError> {
    let broken = |sequence, source| LoadError::Decode { stream: commit.stream.clone(), sequence, source };
    let commands = commit.commands().map_err(|e| broken(commit.sequence, e))?;
    let events = commit.raw_events().map_err(|e| broken(commit.sequence, e))?;
    let mut senders =
        commands.iter().flat_map(|c| std::iter::repeat_n(c, usize::try_from(c.events).unwrap_or(0)));
    for (sequence, raw) in (commit.sequence..).zip(events) {
        let event = decode(commit, sequence, raw)?;
        let metadata = Metadata::of(commit, sequence, senders.next());
        out.push(Recorded { event, metadata });
    }
    Ok(())
}
