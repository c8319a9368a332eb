use super::*;
use es_core::event::{CommandMetadata, CommandRecord};
use futures_util::future::join_all;

#[tokio::test]
async fn those_who_wait_are_decided_in_order_and_go_out_as_one_commit() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let next = |n: u64| {
        let command = rule(move |entries| {
            assert_eq!(entries, (1..n).collect::<Vec<_>>());
            Ok((n..n + 1).map(Fact::Added).collect())
        });
        let metadata =
            CommandMetadata::default().correlation(format!("order {n}")).header("n", n.to_string());
        ask(&app, command.with_id(uuid(n.into())).with_metadata(metadata))
    };
    let waiting = sent(join_all((2..=5).map(next))).await;
    store.calls();
    store.release();
    leader.await.unwrap();
    for (n, done) in (2..).zip(waiting.await) {
        let done = done.unwrap();
        assert_eq!((done.version, done.command_id), (n, uuid(n.into())));
        assert_eq!(done.events, [Fact::Added(n)]);
    }
    assert_eq!(store.calls(), [Call::Append(2)]);
    let commits = store.commits("a").await;
    assert_eq!((commits.len(), commits[1].sequence, commits[1].last_sequence), (2, 2, 5));
    let record = |n: u64| CommandRecord {
        id: uuid(n.into()),
        events: 1,
        metadata: CommandMetadata::default().correlation(format!("order {n}")).header("n", n.to_string()),
    };
    assert_eq!(commits[1].commands().unwrap(), (2..=5).map(record).collect::<Vec<_>>());
}

#[tokio::test]
async fn each_command_keeps_its_range_of_the_events() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let sizes = [2u64, 0, 1, 3];
    let all = sizes.map(|size| emit((0..size).map(|n| Fact::Added(10 * size + n)).collect()));
    let all = sent(join_all(all.map(|command| ask(&app, command)))).await;
    store.release();
    leader.await.unwrap();
    let done: Vec<_> = all.await.into_iter().map(Result::unwrap).collect();
    assert_eq!(done.iter().map(|d| d.version).collect::<Vec<_>>(), [3, 3, 4, 7]);
    assert_eq!(done.iter().map(|d| d.events.len() as u64).collect::<Vec<_>>(), sizes);
    let commands = store.commits("a").await[1].commands().unwrap();
    let written: Vec<_> = commands.iter().map(|c| (c.id, c.events)).collect();
    let due = [(done[0].command_id, 2), (done[2].command_id, 1), (done[3].command_id, 3)];
    assert_eq!(written, due, "one that wrote nothing leaves no trace");
    assert_eq!(stored(&store, "a").await, [1, 20, 21, 10, 30, 31, 32]);
}

#[tokio::test]
async fn a_reply_decided_on_the_groups_events_waits_for_them() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let written = sent(ask(&app, add(2))).await;
    let mut refused = sent(ask(&app, look())).await;
    let mut nothing = sent(ask(&app, emit(vec![]))).await;
    store.let_through(1);
    leader.await.unwrap();
    store.arrived(2).await;
    assert!(poll_immediate(&mut refused).await.is_none());
    assert!(poll_immediate(&mut nothing).await.is_none());
    store.release();
    written.await.unwrap();
    assert_eq!(refused.await.unwrap_err().to_string(), "[1, 2]");
    assert_eq!(nothing.await.unwrap().version, 2);
}

#[tokio::test]
async fn a_reply_decided_on_events_that_failed_is_decided_again() {
    for fault in [Fault::Unavailable, Fault::UnknownLost] {
        let store = FaultyStore::new();
        let app = app(&store).await;
        store.hold();
        let leader = sent(ask(&app, add(1))).await;
        let failing = sent(ask(&app, add(2))).await;
        let refused = sent(ask(&app, look())).await;
        let nothing = sent(ask(&app, emit(vec![]))).await;
        let again = rule(|entries| if entries.contains(&2) { Ok(vec![]) } else { Ok(vec![Fact::Added(3)]) });
        let again = sent(ask(&app, again)).await;
        store.then(Fault::Pass);
        store.then(fault);
        store.release();
        leader.await.unwrap();
        failing.await.unwrap_err();
        assert_eq!(refused.await.unwrap_err().to_string(), "[1]");
        assert_eq!(nothing.await.unwrap().version, 1);
        assert_eq!(again.await.unwrap().events, [Fact::Added(3)]);
        assert_eq!(stored(&store, "a").await, [1, 3]);
    }
}

#[tokio::test]
async fn a_group_with_too_many_events_is_split() {
    let store = FaultyStore::with_limits(Limits { commit_events: 3, ..Limits::default() });
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(0))).await;
    let pairs = (1..=4u64).map(|n| ask(&app, emit(vec![Fact::Added(n), Fact::Added(10 * n)])));
    let pairs = sent(join_all(pairs)).await;
    let last = sent(ask(&app, add(5))).await;
    store.release();
    leader.await.unwrap();
    assert!(pairs.await.iter().all(Result::is_ok));
    assert_eq!(last.await.unwrap().version, 10);
    let sizes: Vec<_> = store.commits("a").await.iter().map(|c| c.last_sequence + 1 - c.sequence).collect();
    assert_eq!(sizes, [1, 2, 2, 2, 3], "whole commands, as many as fit");
    assert_eq!(stored(&store, "a").await, [0, 1, 10, 2, 20, 3, 30, 4, 40, 5]);
}

#[tokio::test]
async fn a_group_with_too_many_bytes_is_split_and_one_command_over_the_limit_is_too_large() {
    let store = FaultyStore::with_limits(Limits { commit_bytes: 1000, ..Limits::default() });
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let sizes = [400, 300, 400, 450, 2000, 900];
    let all = sizes.map(|size| ask(&app, emit(vec![Fact::Padding(size)])));
    let all = sent(join_all(all)).await;
    store.release();
    leader.await.unwrap();
    let mut all = all.await;
    match all.remove(4) {
        Err(ExecuteError::TooLarge(error)) => {
            assert!(error.to_string().contains("over the store's limit of 1000 bytes"), "{error}")
        }
        other => panic!("{other:?}"),
    }
    assert!(all.iter().all(Result::is_ok), "{all:?}");
    let commits = store.commits("a").await;
    let commands: Vec<_> = commits.iter().map(|c| c.commands().unwrap().len()).collect();
    assert_eq!(commands, [1, 2, 2, 1]);
    assert!(commits.iter().all(|c| c.size() <= 1000));
}

#[tokio::test]
async fn a_commit_may_be_as_large_as_the_limit() {
    // The frame's own bytes around one event of so many bytes, counted generously.
    for size in 900..1000 {
        let store = FaultyStore::with_limits(Limits { commit_bytes: 1000, ..Limits::default() });
        let app = app(&store).await;
        match ask(&app, emit(vec![Fact::Padding(size)])).await {
            Ok(_) => assert!(store.commits("a").await[0].size() <= 1000),
            Err(ExecuteError::TooLarge(_)) => assert!(size > 930),
            Err(other) => panic!("{other}"),
        }
    }
}

#[tokio::test]
async fn more_commands_than_one_round_takes() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(0))).await;
    let all = sent(join_all((1..=3000).map(|n| ask(&app, add(n))))).await;
    store.calls();
    store.release();
    leader.await.unwrap();
    for (n, done) in (1..).zip(all.await) {
        assert_eq!(done.unwrap().version, n + 1);
    }
    assert_eq!(store.calls(), [Call::Append(2), Call::Append(1026), Call::Append(2050)]);
}

#[tokio::test]
async fn aggregates_do_not_wait_for_each_other() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let held = sent(ask(&app, add(1))).await;
    let b = "b".to_owned();
    let other = sent(app.execute(&b, add(2))).await;
    store.arrived(2).await;
    store.release();
    held.await.unwrap();
    other.await.unwrap();
}
