use super::*;
async fn unknown(app: &App, command: Envelope<Do>) -> Uuid {
    match ask(app, command).await {
        Err(ExecuteError::OutcomeUnknown { command_id, source }) => {
            assert!(source.is_some());
            command_id
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test(start_paused = true)]
async fn sent_again_with_the_errors_id_it_is_done_exactly_once() {
    for (fault, stored_before) in [
        (Fault::UnknownStored, true),
        (Fault::UnknownLost, false),
        // It lands while the second try is on its way, and wins.
        (Fault::UnknownLate, true),
    ] {
        let store = FaultyStore::new();
        let app = app(&store).await;
        ask(&app, add(1)).await.unwrap();
        store.then(fault);
        let command_id = unknown(&app, add(2).into_envelope()).await;
        let done = ask(&app, add(2).with_id(command_id)).await.unwrap();
        assert_eq!((done.version, done.duplicate), (2, stored_before));
        assert_eq!(done.events, [Fact::Added(2)]);
        assert_eq!(stored(&store, "a").await, [1, 2]);
    }
}

#[tokio::test]
async fn the_error_carries_the_senders_id() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.then(Fault::UnknownLost);
    assert_eq!(unknown(&app, add(1).with_id(uuid(9))).await, uuid(9));
}

#[tokio::test]
async fn the_cache_entry_is_dropped() {
    for fault in [Fault::UnknownStored, Fault::UnknownLost] {
        let store = FaultyStore::new();
        let app = app(&store).await;
        ask(&app, add(1)).await.unwrap();
        store.then(fault);
        unknown(&app, add(2).with_id(uuid(2))).await;
        store.calls();
        ask(&app, look()).await.unwrap_err();
        assert_eq!(store.calls(), [Call::Read(1), Call::Head]);
    }
}

#[tokio::test(start_paused = true)]
async fn what_lands_late_does_not_disturb_the_next_command() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    store.then(Fault::UnknownLate);
    unknown(&app, add(2).with_id(uuid(2))).await;
    // It lands right before this one's append.
    assert_eq!(ask(&app, add(3)).await.unwrap().version, 3);
    assert!(ask(&app, add(2).with_id(uuid(2))).await.unwrap().duplicate);
    assert_eq!(stored(&store, "a").await, [1, 2, 3]);

    // And when it comes after, its place is taken.
    store.then(Fault::UnknownLost);
    unknown(&app, add(4).with_id(uuid(4))).await;
    ask(&app, add(5)).await.unwrap();
    assert!(!ask(&app, add(4).with_id(uuid(4))).await.unwrap().duplicate);
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 5, 4]);
}

#[tokio::test]
async fn all_of_a_group_are_told_with_their_own_ids() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.hold();
    let leader = sent(ask(&app, add(1))).await;
    let group =
        sent(futures_util::future::join_all([2, 3].map(|n| ask(&app, add(n).with_id(uuid(n.into()))))));
    let group = group.await;
    store.then(Fault::Pass);
    store.then(Fault::UnknownStored);
    store.release();
    leader.await.unwrap();
    for (n, error) in (2..).zip(group.await) {
        let error = error.unwrap_err();
        assert!(
            matches!(error, ExecuteError::OutcomeUnknown { command_id, .. } if command_id == uuid(n)),
            "{error:?}"
        );
    }
    for n in [3, 2] {
        let done = ask(&app, add(n).with_id(uuid(n.into()))).await.unwrap();
        assert_eq!((done.duplicate, done.version), (true, n));
        assert_eq!(done.events, [Fact::Added(n)]);
    }
    assert_eq!(stored(&store, "a").await, [1, 2, 3]);
}
