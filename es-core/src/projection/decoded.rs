use super::{Projection, plan::caught};
use crate::{
    event::{DecodeError, EventSet, Metadata},
    repository::{ApplyError, Batch},
    store::BoxError,
};

/// An event that a projection listens to, as a handler takes it.
#[derive(Debug)]
#[non_exhaustive]
pub struct Decoded<E> {
    /// The event.
    pub event: E,
    /// What is known about it.
    pub metadata: Metadata,
}

/// Decodes those events of `batch` to which `P` has subscribed, in the order of its moves.
///
/// For repositories of projections that are not views, whose handlers write by themselves.
///
/// # Errors
///
/// [`ApplyError::Event`] for an event that cannot be decoded.
pub fn decode_events<P: Projection, E: EventSet>(batch: &Batch) -> Result<Vec<Decoded<E>>, ApplyError> {
    let mut decoded = Vec::new();
    for commit in batch.moves.iter().flat_map(|m| &m.commits) {
        let refused = |sequence, source: BoxError| ApplyError::Event {
            projection: P::NAME,
            stream: commit.stream.clone(),
            sequence,
            source,
            retry: false,
        };
        let broken = |error: DecodeError| refused(commit.sequence, error.into());
        let commands = commit.commands().map_err(broken)?;
        let mut senders =
            commands.iter().flat_map(|c| std::iter::repeat_n(c, usize::try_from(c.events).unwrap_or(0)));
        for (sequence, event) in (commit.sequence..).zip(commit.raw_events().map_err(broken)?) {
            let sender = senders.next();
            if !P::SUBSCRIPTIONS.iter().any(|subscribed| subscribed.name == event.name) {
                continue;
            }
            let taken = caught(|| {
                let event = E::decode(event.name, event.version, commit.codec, event.payload)?;
                decoded.push(Decoded { event, metadata: Metadata::of(commit, sequence, sender) });
                Ok(())
            });
            taken.map_err(|source| refused(sequence, source))?;
        }
    }
    Ok(decoded)
}
