//! Views in a database without transactions.

mod memory;

use std::{sync::Arc, time::Duration};

use es_core::{
    app::App,
    feed::Offset,
    repository::{ApplyError, Batch, Checkpoint, DeadLetter, Move, Repository, RepositoryError},
    store::{Commit, EventStore, MemoryEventStore, StreamId, Version},
    testing::conformance::DocumentRepositoryFixture,
};

use crate::listener::world::{Poison, Seen, commit, stream};
use memory::{Documents, Faults};

impl DocumentRepositoryFixture for Documents {
    type Repository = Self;
    async fn open(&self) -> Self {
        self.clone()
    }
}

mod suite {
    es_core::testing::document_repository_conformance!(super::Documents::default());
}

fn seen() -> Seen {
    Seen(Poison::default())
}

/// The move that applies the first commit of a stream.
fn first(stream: StreamId, ticks: usize) -> Move {
    let commit = commit(&Version::EMPTY, &stream, ticks);
    let to = Checkpoint { applied: commit.last_sequence, commit_id: Some(commit.id), parked: None };
    Move { stream, expected: Checkpoint::default(), to, commits: vec![commit] }
}

fn batch(moves: Vec<Move>) -> Batch {
    let letter = DeadLetter { partition: "p".into(), offset: 7, bytes: Vec::new(), reason: "?".into() };
    Batch { moves, offsets: vec![Offset { partition: "p".into(), offset: 9 }], dead_letters: vec![letter] }
}

/// A database that fails in the middle of a batch: offsets are not saved, since something before them is missing;
/// letters are, since what they tell of may be done.
#[tokio::test]
async fn offsets_come_after_documents_and_letters_before() {
    for (faults, stored) in
        [(Faults { refuses: 5, ..Faults::default() }, 7), (Faults { forgets: 5, ..Faults::default() }, 8)]
    {
        let documents = Documents::with(faults);
        let moves: Vec<_> = (0..8).map(|n| first(stream(&format!("s{n}")), 1)).collect();
        let streams: Vec<_> = moves.iter().map(|m| m.stream.clone()).collect();
        let failed = documents.apply(&seen(), &batch(moves)).await;
        assert!(matches!(failed, Err(ApplyError::Repository(RepositoryError::Unavailable(_)))), "{failed:?}");
        assert_eq!(Repository::<Seen>::offsets(&documents).await.unwrap(), []);
        assert_eq!(Repository::<Seen>::dead_letters(&documents, 9).await.unwrap().len(), 1);
        // One document is missing at most: the others were not given up with it.
        let at = Repository::<Seen>::checkpoints(&documents, &streams).await.unwrap();
        assert_eq!(at.iter().filter(|at| at.applied == 1).count(), stored);
    }
}

/// A view that outgrows the database is an event that cannot be taken, not an outage without end.
#[tokio::test]
async fn a_view_that_is_too_long_is_named() {
    let documents = Documents::with(Faults { longest: 20, ..Faults::default() });
    let moves = vec![first(stream("short"), 2), first(stream("long"), 12)];
    let refused = documents.apply(&seen(), &batch(moves)).await.unwrap_err();
    let text = refused.to_string();
    match refused {
        ApplyError::Event { stream: found, sequence, retry, .. } => {
            assert_eq!((found, sequence, retry), (stream("long"), 12, false))
        }
        other => panic!("{other:?}"),
    }
    assert!(text.contains("takes 20"), "{text}");
    let short = Repository::<Seen>::get(&documents, "short").await.unwrap();
    assert_eq!(short, None, "nothing of the batch was applied");
}

/// A stream of another category has another aggregate's ids: its document would be somebody else's.
#[tokio::test]
async fn a_foreign_category_is_refused() {
    let documents = Documents::default();
    let foreign = first(StreamId::new("elsewhere", "a"), 1);
    let refused = documents.apply(&seen(), &batch(vec![foreign])).await;
    assert!(matches!(refused, Err(ApplyError::Repository(RepositoryError::Unfit { .. }))), "{refused:?}");
}

/// A listener over a database that refuses some writes and forgets to acknowledge others: every event is in its
/// view once, in order.
#[tokio::test]
async fn a_listener_over_a_failing_database_folds_each_event_once() {
    let store = MemoryEventStore::new();
    let documents = Documents::with(Faults { refuses: 7, forgets: 5, ..Faults::default() });
    let builder = App::builder(store.clone()).read_patience(Duration::from_secs(60));
    let app = builder.projection(seen(), documents).start().await.unwrap();
    let ids: Vec<_> = (0..12).map(|n| format!("s{n}")).collect();
    let mut heads: Vec<Option<Arc<Commit>>> = vec![None; ids.len()];
    for _ in 0..15 {
        for (id, head) in ids.iter().zip(&mut heads) {
            let at = head.as_ref().map_or(Version::EMPTY, |commit| commit.version());
            let next = commit(&at, &stream(id), 2);
            store.append(next.clone()).await.unwrap();
            *head = Some(next);
        }
    }
    app.caught_up(Duration::from_secs(100)).await.unwrap();
    let due: Vec<u64> = (1..=30).collect();
    for id in &ids {
        let view = app.views::<Seen>().unwrap().get(id).await.unwrap();
        assert_eq!(view.as_ref(), Some(&due), "{id}");
    }
    app.shutdown().await;
}
