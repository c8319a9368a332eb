use super::*;

#[tokio::test]
async fn the_first_command_loads_and_the_next_cost_one_append_each() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    assert_eq!(store.calls(), [Call::Read(1), Call::Append(1)]);
    for n in 2..5 {
        let done = ask(&app, add(n)).await.unwrap();
        assert_eq!((done.version, done.duplicate), (n, false));
        assert_eq!(done.events, [Fact::Added(n)]);
        assert_eq!(store.calls(), [Call::Append(n)]);
    }
    ask(&app, add(5).with_id(uuid(5))).await.unwrap();
    assert_eq!(store.calls(), [Call::Append(5)], "a named one costs the same");
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_reply_that_writes_nothing_costs_one_look_at_the_head() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, look()).await.unwrap_err();
    assert_eq!(store.calls(), [Call::Read(1), Call::Head], "a read may miss what a view has shown");
    ask(&app, add(1)).await.unwrap();
    store.calls();
    ask(&app, look()).await.unwrap_err();
    assert_eq!(store.calls(), [Call::Head]);
    let done = ask(&app, emit(vec![])).await.unwrap();
    assert_eq!(store.calls(), [Call::Head]);
    assert_eq!((done.version, done.events.len(), done.duplicate), (1, 0, false));
}

#[tokio::test]
async fn only_the_tail_is_read_after_a_conflict() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    for n in 1..=4 {
        ask(&ours, add(n)).await.unwrap();
    }
    ask(&theirs, emit(vec![Fact::Added(5), Fact::Added(6)])).await.unwrap();
    ask(&theirs, add(7)).await.unwrap();
    store.calls();
    let done = ask(&ours, add(8)).await.unwrap();
    // From the last known commit on, to see that it still is what we know.
    assert_eq!(store.calls(), [Call::Append(5), Call::Read(4), Call::Append(8)]);
    assert_eq!(done.version, 8);
    assert_eq!(stored(&store, "a").await, [1, 2, 3, 4, 5, 6, 7, 8]);
}

#[tokio::test]
async fn a_long_stream_is_read_page_by_page() {
    let store = FaultyStore::new();
    let app1 = app(&store).await;
    for n in 1..=600 {
        ask(&app1, add(n)).await.unwrap();
    }
    store.calls();
    let again = app(&store).await;
    ask(&again, add(601)).await.unwrap();
    assert_eq!(store.calls(), [Call::Read(1), Call::Read(257), Call::Read(513), Call::Append(601)]);
    assert_eq!(stored(&store, "a").await, (1..=601).collect::<Vec<_>>());
}

#[tokio::test]
async fn an_append_that_was_certainly_not_stored_keeps_the_cache() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    store.then(Fault::Unavailable);
    let error = ask(&app, add(2)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Append(_)), "{error:?}");
    store.calls();
    ask(&app, add(3)).await.unwrap();
    assert_eq!(store.calls(), [Call::Append(2)]);
    assert_eq!(stored(&store, "a").await, [1, 3]);
}

#[tokio::test]
async fn a_store_that_cannot_be_read_fails_the_command_and_not_the_next_one() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    store.break_reads(1);
    let error = ask(&app, add(1)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Load(_)), "{error:?}");
    ask(&app, add(2)).await.unwrap();
    // The look at the head fails: what it was decided on may be stale, so no refusal leaves.
    store.break_reads(1);
    let error = ask(&app, look()).await.unwrap_err();
    assert!(matches!(error, ExecuteError::Load(_)), "{error:?}");
    assert_eq!(ask(&app, look()).await.unwrap_err().to_string(), "[2]");
}
