//! Requests and answers that are lost on the way.

use std::sync::{Arc, atomic::Ordering};

use es_cassandra::CassandraRepository;
use es_core::repository::{Checkpoint, Document, DocumentRepository};
use uuid::Uuid;

use super::relay::{self, Losses};
use crate::cluster::{Keyspace, store};

const VIEW: &str = "lost";

struct Lossy {
    repository: CassandraRepository,
    losses: Arc<Losses>,
    _keyspace: Keyspace,
}

impl Lossy {
    async fn new() -> Self {
        let keyspace = Keyspace::fresh("lost");
        let losses = Arc::new(Losses::default());
        let session = Arc::new(relay::session(&losses).await);
        let store = store(&keyspace.0).from_session(session).await.unwrap();
        let repository = store.repository(&keyspace.0).await.unwrap();
        repository.make_ready(VIEW).await.unwrap();
        Self { repository, losses, _keyspace: keyspace }
    }

    /// Replaces while something is lost, and sees that it was.
    async fn replace(
        &self,
        expected: Option<&Document>,
        next: &Document,
        requests: usize,
        answers: usize,
    ) -> bool {
        self.losses.requests.store(requests, Ordering::SeqCst);
        self.losses.answers.store(answers, Ordering::SeqCst);
        let expected = expected.map(|document| &document.checkpoint);
        let replaced = self.repository.replace(VIEW, "a", expected, next).await.unwrap();
        let left = (self.losses.requests.load(Ordering::SeqCst), self.losses.answers.load(Ordering::SeqCst));
        assert_eq!(left, (0, 0), "something was to be lost, and nothing was sent");
        replaced
    }

    async fn stored(&self) -> Option<Document> {
        self.repository.load(VIEW, &["a"]).await.unwrap().remove(0)
    }
}

fn at(applied: u64) -> Document {
    let checkpoint = Checkpoint { applied, commit_id: Some(Uuid::now_v7()), parked: None };
    Document { checkpoint, view: Some(applied.to_string().into_bytes()) }
}

/// The first write and its settling, each with what may be lost of it: what was sent is stored in the end, once.
#[tokio::test]
async fn a_write_is_done_whatever_is_lost_of_it() {
    let lossy = Lossy::new().await;
    let mut before = None;
    // One is the write itself, two also the look at what became of it, three also the second write.
    for (step, (requests, answers)) in
        [(1, 0), (0, 1), (2, 0), (0, 2), (1, 1), (3, 0), (0, 3)].into_iter().enumerate()
    {
        let next = at(step as u64 + 1);
        assert!(lossy.replace(before.as_ref(), &next, requests, answers).await, "{requests} {answers}");
        assert_eq!(lossy.stored().await.as_ref(), Some(&next), "{requests} {answers}");
        before = Some(next);
    }
}

/// Somebody else was first: no loss makes that a success, and nothing of theirs is overwritten.
#[tokio::test]
async fn a_refusal_is_a_refusal_whatever_is_lost_of_it() {
    let lossy = Lossy::new().await;
    let (first, theirs, ours) = (at(1), at(2), at(2));
    assert!(lossy.replace(None, &first, 0, 0).await);
    assert!(lossy.replace(Some(&first), &theirs, 0, 0).await);
    for (requests, answers) in [(0, 0), (1, 0), (0, 1), (2, 0), (0, 2)] {
        for expected in [None, Some(&first)] {
            assert!(!lossy.replace(expected, &ours, requests, answers).await, "{requests} {answers}");
        }
    }
    assert_eq!(lossy.stored().await, Some(theirs));
}
