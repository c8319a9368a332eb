use super::*;
use futures_util::future::join_all;

/// A command of two events, under an id.
fn pair(n: u64) -> Envelope<Do> {
    emit(vec![Fact::Added(n), Fact::Added(100 + n)]).with_id(uuid(n.into()))
}

#[tokio::test]
async fn the_same_id_again_returns_the_first_result() {
    let store = FaultyStore::new();
    let first = app(&store).await;
    for n in 1..=3 {
        let done = ask(&first, pair(n)).await.unwrap();
        assert!(!done.duplicate);
    }
    let restarted = app(&store).await;
    for app in [&first, &restarted, &first] {
        for n in [2, 1, 3] {
            let done = ask(app, pair(n)).await.unwrap();
            assert!(done.duplicate);
            assert_eq!((done.version, done.command_id), (2 * n, uuid(n.into())));
            assert_eq!(done.events, [Fact::Added(n), Fact::Added(100 + n)]);
        }
    }
    assert_eq!(stored(&store, "a").await, [1, 101, 2, 102, 3, 103]);
}

#[tokio::test]
async fn also_when_it_would_be_refused_now() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    let once = || {
        rule(|entries| match entries {
            [] => Ok(vec![Fact::Added(1)]),
            _ => Err(Refused("not empty".into())),
        })
    };
    ask(&app, once().with_id(uuid(1))).await.unwrap();
    assert!(ask(&app, once().with_id(uuid(1))).await.unwrap().duplicate);
    ask(&app, once().with_id(uuid(2))).await.unwrap_err();
    let b = "b".to_owned();
    app.execute(&b, Create(1).with_id(uuid(1))).await.unwrap();
    let again = app.execute(&b, Create(1).with_id(uuid(1))).await.unwrap();
    assert!(again.duplicate, "a create too");
    assert_eq!(again.events, [Fact::Added(1)]);
}

#[tokio::test]
async fn ids_are_per_aggregate() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    for id in ["a", "b"] {
        assert!(!app.execute(&id.to_owned(), pair(1)).await.unwrap().duplicate);
    }
    assert_eq!(stored(&store, "b").await, [1, 101]);
}

#[tokio::test]
async fn a_generated_id_can_be_sent_again() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    let done = ask(&app, add(1)).await.unwrap();
    let again = ask(&app, add(1).with_id(done.command_id)).await.unwrap();
    assert!(again.duplicate);
    assert_eq!(stored(&store, "a").await, [1]);
}

#[tokio::test]
async fn refusals_and_no_ops_are_not_remembered() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, look().with_id(uuid(1))).await.unwrap_err();
    assert!(!ask(&app, emit(vec![]).with_id(uuid(1))).await.unwrap().duplicate);
    assert!(!ask(&app, pair(1)).await.unwrap().duplicate);
    assert!(ask(&app, look().with_id(uuid(1))).await.unwrap().duplicate);
}

#[tokio::test]
async fn twins_in_one_group_are_done_once() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(0))).await;
    let all = sent(join_all([7, 8, 7, 7, 8].map(|n| ask(&app, pair(n))))).await;
    store.release();
    leader.await.unwrap();
    let done: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|d| d.duplicate).collect::<Vec<_>>(), [false, false, true, true, true]);
    assert_eq!(done.iter().map(|d| d.version).collect::<Vec<_>>(), [3, 5, 3, 3, 5]);
    assert_eq!(done[4].events, [Fact::Added(8), Fact::Added(108)], "only its own of the group's events");
    assert_eq!(stored(&store, "a").await, [0, 7, 107, 8, 108]);
}

#[tokio::test]
async fn the_twin_of_one_that_was_not_stored_is_done() {
    for fault in [Fault::Unavailable, Fault::UnknownLost, Fault::UnknownStored, Fault::UnknownLate] {
        let store = FaultyStore::new();
        let app = app(&store).await;
        store.hold();
        let leader = sent(ask(&app, add(0))).await;
        let (first, second) = (sent(ask(&app, pair(7))).await, sent(ask(&app, pair(7))).await);
        store.then(Fault::Pass);
        store.then(fault);
        store.release();
        leader.await.unwrap();
        first.await.unwrap_err();
        let second = second.await.unwrap();
        assert_eq!(second.events, [Fact::Added(7), Fact::Added(107)]);
        assert_eq!(stored(&store, "a").await, [0, 7, 107]);
    }
}

#[tokio::test]
async fn a_twin_beyond_the_split_is_found_too() {
    let store = FaultyStore::with_limits(Limits { commit_events: 2, ..Limits::default() });
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(0))).await;
    let all = sent(join_all([7, 8, 7].map(|n| ask(&app, pair(n))))).await;
    store.release();
    leader.await.unwrap();
    let done: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|d| d.duplicate).collect::<Vec<_>>(), [false, false, true]);
    assert_eq!(stored(&store, "a").await, [0, 7, 107, 8, 108]);
}

#[tokio::test(start_paused = true)]
async fn one_that_another_process_has_done_is_found() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    ask(&ours, add(1)).await.unwrap();
    // Seen at the conflict.
    ask(&theirs, pair(7)).await.unwrap();
    assert!(ask(&ours, pair(7)).await.unwrap().duplicate);
    // Seen when a refusal has to be proven.
    ask(&theirs, pair(8)).await.unwrap();
    assert!(ask(&ours, look().with_id(uuid(8))).await.unwrap().duplicate);
    // Decided, and overtaken by its own twin.
    let theirs = app(&store.another()).await;
    store.first(async move { drop(ask(&theirs, pair(9)).await.unwrap()) });
    let done = ask(&ours, pair(9)).await.unwrap();
    assert_eq!((done.duplicate, done.version), (true, 7));
    assert_eq!(stored(&store, "a").await, [1, 7, 107, 8, 108, 9, 109]);
}

#[tokio::test]
async fn a_look_up_that_fails_fails_only_that_command() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, pair(1)).await.unwrap();
    store.hold();
    let leader = sent(ask(&app, add(0))).await;
    let repeated = sent(ask(&app, pair(1))).await;
    let other = sent(ask(&app, pair(2))).await;
    store.break_reads(1);
    store.release();
    leader.await.unwrap();
    repeated.await.unwrap_err();
    other.await.unwrap();
    assert!(ask(&app, pair(1)).await.unwrap().duplicate);
}

#[tokio::test]
async fn many_thousands_of_commands_later() {
    let store = FaultyStore::new();
    let command = |n: u64| Do::<1000, 1>::add(n).with_id(uuid(u128::from(n) << 64 | 5));
    let first = App::builder(store.clone()).start().await.unwrap();
    for n in 1..=12_345 {
        ask(&first, command(n)).await.unwrap();
    }
    let restarted = app(&store).await;
    for app in [first, restarted] {
        store.calls();
        for n in [1, 63, 64, 65, 2048, 9_999, 12_345] {
            let done = ask(&app, command(n)).await.unwrap();
            assert_eq!((done.duplicate, done.version), (true, n));
            assert_eq!(done.events, [Fact::Added(n)]);
        }
        let reads = store.calls().iter().filter(|call| matches!(call, Call::Read(_))).count();
        assert!(reads < 20, "{reads} reads: one for each, and a tail");
    }
    assert_eq!(store.commits("a").await.len(), 12_345);
}
