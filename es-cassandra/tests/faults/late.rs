//! Requests that arrive after everybody has given up on them, and callers who have.

use std::time::Duration;

use es_core::{
    app::App,
    command::CommandExt,
    handler::ExecuteError,
    store::{AppendError, EventStore, Version},
};
use uuid::Uuid;

use super::{
    Both, PATIENCE,
    proxy::{Fate, Kind, Refusal},
};
use crate::{
    commits::{commit, read_all, stream},
    ledger::{Ledger, add},
};

/// The first insert is held; whatever comes after it is lost.
fn hold_the_first(both: &Both) {
    both.proxy.plan(|request| match (request.kind, request.nth) {
        (Kind::Insert, 1) => Fate::Hold,
        (Kind::Insert | Kind::Place, _) => Fate::Lose,
        _ => Fate::Pass,
    });
}

async fn app(both: &Both) -> App {
    App::builder(both.store.clone()).start().await.unwrap()
}

async fn entries(both: &Both, id: &str) -> Vec<u64> {
    let app = App::builder(both.direct.clone()).start().await.unwrap();
    read_all(&both.direct, &stream(id)).await;
    app.load::<Ledger>(&id.to_owned()).await.unwrap().state.entries
}

/// A place that is vacant says nothing while a request may still arrive.
#[tokio::test]
async fn what_arrives_after_the_budget_is_not_called_lost() {
    let both = Both::new("late", Duration::from_secs(1)).await;
    let stream = stream("a");
    let commit = commit(&Version::EMPTY, &stream, 1);
    both.proxy.plan(|request| match (request.kind, request.nth) {
        (Kind::Insert, 1) => Fate::Hold,
        // Looking works, and finds nothing.
        (Kind::Insert, _) => Fate::Lose,
        _ => Fate::Pass,
    });
    let outcome = both.store.append(commit.clone()).await;
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
    assert!(both.direct.read(&stream, 1, 10).await.unwrap().commits.is_empty());
    both.proxy.calm();
    assert_eq!(both.proxy.release().await, 1);
    while both.direct.read(&stream, 1, 10).await.unwrap().commits.is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // The same commit again: it is there.
    both.store.append(commit.clone()).await.unwrap();
    assert_eq!(read_all(&both.direct, &stream).await, [commit]);
}

/// Sent again with its id, a command is done once, whether its first commit arrives before or after that.
#[tokio::test]
async fn a_command_of_unknown_outcome_is_done_once_when_it_is_sent_again() {
    let both = Both::new("again", Duration::from_secs(1)).await;
    for arrives_before in [true, false] {
        let id = format!("arrives before: {arrives_before}");
        // A new App each time: nothing is cached.
        let app = app(&both).await;
        app.execute(&id, add(1)).await.unwrap();
        hold_the_first(&both);
        let command = Uuid::now_v7();
        match app.execute(&id, add(2).with_id(command)).await {
            Err(ExecuteError::OutcomeUnknown { command_id, .. }) => assert_eq!(command_id, command),
            other => panic!("{other:?}"),
        }
        both.proxy.calm();
        if arrives_before {
            both.proxy.release().await;
            while entries(&both, &id).await != [1, 2] {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        }
        let done = loop {
            match app.execute(&id, add(2).with_id(command)).await {
                Ok(done) => break done,
                // The slow machine's timeouts.
                Err(ExecuteError::OutcomeUnknown { .. } | ExecuteError::Load(_)) => {}
                Err(error) => panic!("{error}"),
            }
        };
        assert_eq!(done.version, 2);
        assert!(done.duplicate || !arrives_before);
        both.proxy.release().await;
        loop {
            match app.execute(&id, add(3)).await {
                Ok(_) => break,
                Err(ExecuteError::Load(_)) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert_eq!(entries(&both, &id).await, [1, 2, 3]);
    }
}

/// A held insert whose place another commit has taken does nothing when it arrives.
#[tokio::test]
async fn what_arrives_at_a_taken_place_does_nothing() {
    let both = Both::new("beaten", Duration::from_secs(1)).await;
    let stream = stream("a");
    let (late, winner) = (commit(&Version::EMPTY, &stream, 1), commit(&Version::EMPTY, &stream, 1));
    hold_the_first(&both);
    let outcome = both.store.append(late.clone()).await;
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
    both.direct.append(winner.clone()).await.unwrap();
    both.proxy.calm();
    both.proxy.release().await;
    match both.store.append(late).await {
        Err(AppendError::Conflict { winner: Some(found) }) => assert_eq!(found, winner),
        other => panic!("{other:?}"),
    }
    assert_eq!(read_all(&both.direct, &stream).await, [winner]);
}

/// What a caller who leaves has sent is waited for all the same: the next command finds it done.
#[tokio::test]
async fn a_caller_who_leaves_cancels_nothing() {
    let both = Both::with_timeout("left", PATIENCE, PATIENCE).await;
    let (app, id) = (app(&both).await, "a".to_owned());
    app.execute(&id, add(1)).await.unwrap();
    both.proxy.once(Kind::Insert, 1, Fate::Hold);
    let command = Uuid::now_v7();
    let caller = {
        let (app, id) = (app.clone(), id.clone());
        tokio::spawn(async move { app.execute(&id, add(2).with_id(command)).await })
    };
    both.proxy.held(1).await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    // It waits behind the one that was left.
    let next = {
        let (app, id) = (app.clone(), id.clone());
        tokio::spawn(async move { app.execute(&id, add(3)).await })
    };
    tokio::task::yield_now().await;
    both.proxy.release().await;
    assert_eq!(next.await.unwrap().unwrap().version, 3);
    let again = app.execute(&id, add(2).with_id(command)).await.unwrap();
    assert_eq!((again.version, again.duplicate), (2, true));
    assert_eq!(entries(&both, &id).await, [1, 2, 3]);
}

/// A server that never answers takes no more than the budget, however long one request may take.
#[tokio::test]
async fn settling_keeps_to_its_budget_when_requests_hang() {
    let hour = Duration::from_secs(3600);
    let both = Both::with_timeout("budget", Duration::from_secs(2), hour).await;
    both.proxy.plan(|request| match (request.kind, request.nth) {
        (Kind::Insert, 1) => Fate::RefuseUnseen(Refusal::WriteTimeout),
        (Kind::Insert | Kind::Place, _) => Fate::Lose,
        _ => Fate::Pass,
    });
    let commit = commit(&Version::EMPTY, &stream("a"), 1);
    let outcome =
        tokio::time::timeout(PATIENCE, both.store.append(commit)).await.expect("two seconds, not an hour");
    assert!(matches!(outcome, Err(AppendError::OutcomeUnknown(_))), "{outcome:?}");
    assert!(both.proxy.count(Kind::Place).requests > 1, "one request that hangs is not all of it");
}
