//! One fault at a time, at each request of an append: the outcome is known, and true.

use std::{sync::Arc, time::Duration};

use es_core::store::{AppendError, Commit, EventStore, ReadError, Version};

use super::{
    Both, PATIENCE,
    proxy::{Fate, Kind, Refusal},
};
use crate::commits::{commit, read_all, stream};

/// All that can happen to one request, but that it passes.
fn fates() -> Vec<Fate> {
    let mut fates = vec![
        Fate::CutBefore,
        Fate::CutSent,
        Fate::CutAnswered,
        Fate::Lose,
        Fate::Mute,
        Fate::Late(Duration::from_millis(900)),
        Fate::Hold,
    ];
    for refusal in Refusal::ALL {
        fates.extend([Fate::Refuse(refusal), Fate::RefuseUnseen(refusal)]);
    }
    fates
}

/// Appends over a store that suffers these fates, each at the `n`th request of its kind, and then none. Nothing
/// that was held is delivered before the outcome is known.
async fn append(both: &Both, commit: &Arc<Commit>, faults: &[(Kind, u64, Fate)]) -> Result<(), AppendError> {
    let faults = faults.to_vec();
    both.proxy.plan(move |request| {
        let fault = faults.iter().find(|(kind, nth, _)| (*kind, *nth) == (request.kind, request.nth));
        fault.map_or(Fate::Pass, |(_, _, fate)| *fate)
    });
    let outcome = both.store.append(commit.clone()).await;
    both.proxy.calm();
    both.proxy.release().await;
    outcome
}

#[tokio::test]
async fn at_the_insert_it_is_stored_once() {
    let both = Both::new("insert", PATIENCE).await;
    for fate in fates() {
        let stream = stream(&format!("{fate:?}"));
        let commit = commit(&Version::EMPTY, &stream, 2);
        append(&both, &commit, &[(Kind::Insert, 1, fate)]).await.unwrap_or_else(|e| panic!("{fate:?}: {e}"));
        assert_eq!(read_all(&both.direct, &stream).await, [commit], "{fate:?}");
    }
}

#[tokio::test]
async fn at_the_insert_where_another_was_first_it_is_a_conflict() {
    let both = Both::new("taken", PATIENCE).await;
    for fate in fates() {
        let stream = stream(&format!("{fate:?}"));
        let (first, late) = (commit(&Version::EMPTY, &stream, 1), commit(&Version::EMPTY, &stream, 1));
        both.direct.append(first.clone()).await.unwrap();
        match append(&both, &late, &[(Kind::Insert, 1, fate)]).await {
            Err(AppendError::Conflict { winner: Some(winner) }) => assert_eq!(winner, first),
            other => panic!("{fate:?}: {other:?}"),
        }
        assert_eq!(read_all(&both.direct, &stream).await, [first], "{fate:?}");
    }
}

#[tokio::test]
async fn at_the_read_that_settles_it_is_asked_again() {
    let both = Both::new("look", PATIENCE).await;
    for first in [Fate::Refuse(Refusal::WriteTimeout), Fate::RefuseUnseen(Refusal::WriteTimeout)] {
        for fate in fates() {
            let stream = stream(&format!("{first:?}, {fate:?}"));
            let commit = commit(&Version::EMPTY, &stream, 1);
            let faults = [(Kind::Insert, 1, first), (Kind::Place, 1, fate)];
            append(&both, &commit, &faults).await.unwrap_or_else(|e| panic!("{first:?}, {fate:?}: {e}"));
            assert_eq!(read_all(&both.direct, &stream).await, [commit], "{first:?}, {fate:?}");
        }
    }
}

#[tokio::test]
async fn at_the_insert_after_a_lost_one_it_is_stored_once() {
    let both = Both::new("again", PATIENCE).await;
    // The first one never arrives, or arrives at the very end.
    for first in [Fate::RefuseUnseen(Refusal::CasUnknown), Fate::Strand] {
        for fate in fates() {
            let stream = stream(&format!("{first:?}, {fate:?}"));
            let commit = commit(&Version::EMPTY, &stream, 1);
            let faults = [(Kind::Insert, 1, first), (Kind::Insert, 2, fate)];
            append(&both, &commit, &faults).await.unwrap_or_else(|e| panic!("{first:?}, {fate:?}: {e}"));
            assert_eq!(read_all(&both.direct, &stream).await, [commit], "{first:?}, {fate:?}");
        }
    }
}

/// A request that was refused before it could do anything, or never left, is not settled.
#[tokio::test]
async fn what_certainly_did_nothing_is_not_settled() {
    let both = Both::new("certain", PATIENCE).await;
    let session = crate::cluster::session().await;
    both.store.append(commit(&Version::EMPTY, &stream("a"), 1)).await.unwrap();
    let table = format!("{}.ledger_events", both.keyspace.name());
    session.query_unpaged(format!("DROP TABLE {table}"), ()).await.unwrap();
    both.proxy.calm();
    match both.store.append(commit(&Version::EMPTY, &stream("b"), 1)).await {
        Err(AppendError::Unavailable(error)) => {
            assert!(error.to_string().contains("ledger_events"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(both.proxy.count(Kind::Place).requests, 0);
}

/// Reads are tried again, and see what was there.
#[tokio::test]
async fn at_a_read_it_is_read_again() {
    let both = Both::new("read", PATIENCE).await;
    let stream = stream("a");
    let commit = commit(&Version::EMPTY, &stream, 2);
    both.direct.append(commit.clone()).await.unwrap();
    for fate in fates() {
        both.proxy.once(Kind::Page, 1, fate);
        let page = both.store.read(&stream, 1, 10).await.unwrap_or_else(|e| panic!("{fate:?}: {e}"));
        assert_eq!(page.commits, std::slice::from_ref(&commit), "{fate:?}");
        both.proxy.once(Kind::Head, 1, fate);
        let head = both.store.head(&stream).await.unwrap_or_else(|e| panic!("{fate:?}: {e}"));
        assert_eq!(head, commit.version(), "{fate:?}");
        both.proxy.calm();
        both.proxy.release().await;
    }
}

/// But not for ever.
#[tokio::test]
async fn a_read_that_never_gets_through_is_an_error_in_the_end() {
    let both = Both::new("unread", Duration::from_secs(1)).await;
    both.proxy.plan(|request| if request.kind == Kind::Page { Fate::Lose } else { Fate::Pass });
    let read = both.store.read(&stream("a"), 1, 10).await;
    assert!(matches!(read, Err(ReadError::Unavailable(_))), "{read:?}");
    assert!(both.proxy.count(Kind::Page).requests > 2, "it was tried again");
}
