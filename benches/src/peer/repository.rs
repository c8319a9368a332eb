//! A repository in memory for cqrs-es that, unlike its `MemStore`, refuses the second of two writers and does
//! not print.
//!
//! It is as cheap as the contract allows: rows stay in the form in which cqrs-es hands them over, so that a
//! read only copies them, where a database's driver would parse JSON.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use cqrs_es::{
    Aggregate,
    persist::{
        PersistedEventRepository, PersistenceError, ReplayStream, SerializedEvent, SerializedSnapshot,
    },
};
use serde_json::Value;

/// Streams by their ids. Clones share them.
#[derive(Clone, Default)]
pub(crate) struct Repository(Arc<Mutex<HashMap<String, Stream>>>);

#[derive(Default)]
struct Stream {
    events: Vec<SerializedEvent>,
    snapshot: Option<Snapshot>,
}

struct Snapshot {
    aggregate: Value,
    sequence: usize,
    number: usize,
}

impl Repository {
    fn lock(&self) -> MutexGuard<'_, HashMap<String, Stream>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn after(&self, id: &str, sequence: usize) -> Vec<SerializedEvent> {
        let streams = self.lock();
        let events = streams.get(id).and_then(|stream| stream.events.get(sequence..));
        events.map(<[_]>::to_vec).unwrap_or_default()
    }
}

impl PersistedEventRepository for Repository {
    async fn get_events<A: Aggregate>(&self, id: &str) -> Result<Vec<SerializedEvent>, PersistenceError> {
        Ok(self.after(id, 0))
    }

    async fn get_last_events<A: Aggregate>(
        &self,
        id: &str,
        last_sequence: usize,
    ) -> Result<Vec<SerializedEvent>, PersistenceError> {
        Ok(self.after(id, last_sequence))
    }

    async fn get_snapshot<A: Aggregate>(
        &self,
        id: &str,
    ) -> Result<Option<SerializedSnapshot>, PersistenceError> {
        let streams = self.lock();
        let snapshot = streams.get(id).and_then(|stream| stream.snapshot.as_ref());
        Ok(snapshot.map(|snapshot| SerializedSnapshot {
            aggregate_id: id.to_owned(),
            aggregate: snapshot.aggregate.clone(),
            current_sequence: snapshot.sequence,
            current_snapshot: snapshot.number,
        }))
    }

    async fn persist<A: Aggregate>(
        &self,
        events: &[SerializedEvent],
        snapshot: Option<(String, Value, usize)>,
    ) -> Result<(), PersistenceError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let mut streams = self.lock();
        // No copy of the id for a stream that is there already.
        if !streams.contains_key(&first.aggregate_id) {
            streams.insert(first.aggregate_id.clone(), Stream::default());
        }
        let Some(stream) = streams.get_mut(&first.aggregate_id) else { return Ok(()) };
        if first.sequence != stream.events.len() + 1 {
            return Err(PersistenceError::OptimisticLockError);
        }
        stream.events.extend_from_slice(events);
        if let Some((_, aggregate, number)) = snapshot {
            stream.snapshot = Some(Snapshot { aggregate, sequence: last.sequence, number });
        }
        Ok(())
    }

    async fn stream_events<A: Aggregate>(&self, id: &str) -> Result<ReplayStream, PersistenceError> {
        replay(self.after(id, 0)).await
    }

    async fn stream_all_events<A: Aggregate>(&self) -> Result<ReplayStream, PersistenceError> {
        let events = self.lock().values().flat_map(|stream| stream.events.iter().cloned()).collect();
        replay(events).await
    }
}

async fn replay(events: Vec<SerializedEvent>) -> Result<ReplayStream, PersistenceError> {
    let (mut feed, stream) = ReplayStream::new(events.len().max(1));
    for event in events {
        feed.push(Ok(event)).await?;
    }
    Ok(stream)
}

#[cfg(test)]
mod tests {
    use super::super::Account;
    use super::*;
    use crate::bank::{AMOUNT, Deposit};
    use cqrs_es::{AggregateError, CqrsFramework, EventStore, persist::PersistedEventStore};

    type Store = PersistedEventStore<Repository, Account>;

    #[tokio::test]
    async fn the_second_of_two_writers_is_refused() {
        let store = Store::new_event_store(Repository::default());
        let (ours, theirs) =
            (store.load_aggregate("a").await.unwrap(), store.load_aggregate("a").await.unwrap());
        let event = || vec![super::super::AccountEvent::Deposited { amount: 1, reference: String::new() }];
        store.commit(event(), ours, HashMap::new()).await.unwrap();
        let refused = store.commit(event(), theirs, HashMap::new()).await.unwrap_err();
        assert!(matches!(refused, AggregateError::AggregateConflict), "{refused}");
        assert_eq!(store.load_aggregate("a").await.unwrap().aggregate.balance, 1);
    }

    #[tokio::test]
    async fn a_snapshot_shortens_the_replay() {
        let repository = Repository::default();
        let cqrs = CqrsFramework::new(Store::new_snapshot_store(repository.clone(), 4), vec![], ());
        for _ in 0..6 {
            cqrs.execute("a", Deposit::sample()).await.unwrap();
        }
        let snapshot = repository.get_snapshot::<Account>("a").await.unwrap().unwrap();
        assert_eq!((snapshot.current_sequence, snapshot.current_snapshot), (4, 1));
        let tail = repository.get_last_events::<Account>("a", 4).await.unwrap();
        assert_eq!(tail.iter().map(|e| e.sequence).collect::<Vec<_>>(), [5, 6]);
        let replayed = Store::new_event_store(repository).load_aggregate("a").await.unwrap();
        assert_eq!(replayed.aggregate.balance, 6 * AMOUNT);
    }

    /// The table says so. When this fails, a newer cqrs-es has mended it: then check the loaded state in
    /// `cases::cqrs` in these modes too, and drop the remark.
    #[tokio::test]
    async fn its_snapshots_hold_the_last_command_twice() {
        let repository = Repository::default();
        let cqrs = CqrsFramework::new(Store::new_snapshot_store(repository.clone(), 4), vec![], ());
        for _ in 0..4 {
            cqrs.execute("a", Deposit::sample()).await.unwrap();
        }
        let snapshot = repository.get_snapshot::<Account>("a").await.unwrap().unwrap();
        assert_eq!((snapshot.current_sequence, snapshot.aggregate["deposits"].as_u64()), (4, Some(5)));
    }
}
