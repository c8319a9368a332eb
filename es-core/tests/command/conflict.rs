use super::*;
use std::sync::{
    Arc,
    atomic::{AtomicU32, Ordering},
};

/// Another process' command, to happen before an append.
async fn elsewhere(store: &FaultyStore, n: u64) -> impl Future<Output = ()> + Send + use<> {
    let app = app(&store.another()).await;
    async move {
        ask(&app, add(n)).await.unwrap();
    }
}

/// One command that is refused once, because another process was first.
pub async fn a_conflict_with(store: &FaultyStore) {
    store.first(elsewhere(store, 7).await);
    ask(&app(store).await, add(1)).await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn a_refused_command_is_decided_again_on_the_new_state() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    for n in [10, 11, 12] {
        store.first(elsewhere(&store, n).await);
    }
    let sum = rule(|entries| Ok(vec![Fact::Added(entries.iter().sum())]));
    assert_eq!(ask(&app, sum).await.unwrap().version, 5);
    assert_eq!(stored(&store, "a").await, [1, 10, 11, 12, 34]);
}

#[tokio::test(start_paused = true)]
async fn a_decision_to_write_can_become_a_refusal() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.first(elsewhere(&store, 7).await);
    let once = rule(|entries| match entries.contains(&7) {
        true => Err(Refused("it is there".into())),
        false => Ok(vec![Fact::Added(7)]),
    });
    assert_eq!(ask(&app, once).await.unwrap_err().to_string(), "it is there");
    store.first(elsewhere(&store, 8).await);
    let ensure = rule(|entries| Ok(if entries.contains(&8) { vec![] } else { vec![Fact::Added(8)] }));
    let done = ask(&app, ensure).await.unwrap();
    assert_eq!((done.version, done.events.len()), (2, 0));
    assert_eq!(stored(&store, "a").await, [7, 8]);
}

#[tokio::test(start_paused = true)]
async fn a_create_that_lost_already_exists() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.first(elsewhere(&store, 1).await);
    let error = ask(&app, Create(2)).await.unwrap_err();
    assert!(matches!(&error, ExecuteError::AlreadyExists { stream: s } if *s == stream()), "{error:?}");
    assert_eq!(stored(&store, "a").await, [1]);
}

#[tokio::test(start_paused = true)]
async fn it_gives_up_after_the_attempts_of_the_policy() {
    let store = FaultyStore::new();
    let app = giving_up_after(3, &store).await;
    ask(&app, add(1)).await.unwrap();
    for n in [10, 11, 12] {
        store.first(elsewhere(&store, n).await);
    }
    store.calls();
    let decided = Arc::new(AtomicU32::new(0));
    let count = decided.clone();
    let counting = rule(move |_| {
        count.fetch_add(1, Ordering::SeqCst);
        Ok(vec![Fact::Added(2)])
    });
    match ask(&app, counting).await {
        Err(ExecuteError::Contended { stream: s, attempts: 3 }) => assert_eq!(s, stream()),
        other => panic!("{other:?}"),
    }
    assert_eq!(decided.load(Ordering::SeqCst), 3);
    let asked = store.calls();
    assert_eq!(asked.iter().filter(|call| matches!(call, Call::Append(_))).count(), 3);
    // What is known stays known: the next one reads the tail, not the whole stream.
    ask(&app, add(3)).await.unwrap();
    assert_eq!(store.calls(), [Call::Append(4), Call::Read(3), Call::Append(5)]);
    assert_eq!(stored(&store, "a").await, [1, 10, 11, 12, 3]);
}

#[tokio::test(start_paused = true)]
async fn refusals_count_only_in_a_row() {
    let limits = Limits { commit_events: 1, ..Default::default() };
    let store = FaultyStore::with_limits(limits);
    let app = giving_up_after(3, &store).await;
    store.hold();
    let first = sent(ask(&app, add(1))).await;
    // A round of four commits, each refused twice.
    let round = futures_util::future::join_all([2, 3, 4, 5].map(|n| ask(&app, add(n))));
    let round = sent(round).await;
    store.then(Fault::Pass);
    for _ in 0..4 {
        [Fault::Conflict, Fault::Conflict, Fault::Pass].into_iter().for_each(|fault| store.then(fault));
    }
    store.release();
    soon(first).await.unwrap();
    for done in soon(round).await {
        done.unwrap();
    }
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5]);
}

#[tokio::test(start_paused = true)]
async fn giving_up_fails_only_those_whose_append_was_refused() {
    let limits = Limits { commit_events: 1, ..Default::default() };
    let store = FaultyStore::with_limits(limits);
    let app = giving_up_after(1, &store).await;
    store.hold();
    let first = sent(ask(&app, add(1))).await;
    let looked = sent(ask(&app, look())).await;
    let second = sent(ask(&app, add(2))).await;
    let third = sent(ask(&app, add(3))).await;
    store.then(Fault::Pass);
    store.then(Fault::Conflict);
    store.release();
    first.await.unwrap();
    assert!(matches!(second.await, Err(ExecuteError::Contended { attempts: 1, .. })));
    assert_eq!(third.await.unwrap().version, 2);
    let seen = looked.await.unwrap_err();
    assert!(matches!(&seen, ExecuteError::Rejected(_)), "{seen:?}");
    assert_eq!(stored(&store, "a").await, [1, 3]);
}

#[tokio::test(start_paused = true)]
async fn pauses_are_between_the_attempts_and_random() {
    let mut elapsed = Vec::new();
    for _ in 0..4 {
        let store = FaultyStore::new();
        let app = app(&store).await;
        ask(&app, add(1)).await.unwrap();
        (0..31).for_each(|_| store.then(Fault::Conflict));
        let start = tokio::time::Instant::now();
        ask(&app, add(2)).await.unwrap();
        elapsed.push(start.elapsed());
    }
    assert!(elapsed.iter().all(|e| *e > Duration::ZERO), "{elapsed:?}");
    assert!(elapsed.windows(2).any(|pair| pair[0] != pair[1]), "{elapsed:?}");
}

/// A database would refuse it later, or for ever: where the id is a part of a key.
#[tokio::test]
async fn an_id_that_is_too_long_is_refused() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    let error = app.execute(&"a".repeat(LONGEST_ID + 1), add(1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::IdTooLong { category: "ledger", .. }), "{error:?}");
    assert_eq!(error.to_string(), "an id of `ledger` has 32769 bytes, and at most 32768 are stored");
    assert_eq!(app.execute(&"a".repeat(LONGEST_ID), add(1)).await.unwrap().version, 1);
}
