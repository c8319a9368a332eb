//! What is decided on a stale cache never leaves, if it could not conflict.

use super::*;

/// A rule that is wrong about ledgers without a 2, and adds 3 to others.
fn wrong_without_two(wrong: impl Fn() -> Result<Vec<Fact>, Refused> + Send + Sync + 'static) -> Do {
    rule(move |entries| if entries.contains(&2) { Ok(vec![Fact::Added(3)]) } else { wrong() })
}

/// Sends the command to an App whose cache has not seen the 2.
async fn stale(command: Do) -> FaultyStore {
    let limits = Limits { commit_events: 2, ..Default::default() };
    let store = FaultyStore::with_limits(limits);
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    ask(&ours, add(1)).await.unwrap();
    ask(&theirs, add(2)).await.unwrap();
    let done = ask(&ours, command).await.unwrap();
    assert_eq!((done.version, done.events), (3, vec![Fact::Added(3)]));
    assert_eq!(stored(&store, "a").await, [1, 2, 3]);
    store
}

#[tokio::test]
async fn a_refusal() {
    let store = stale(wrong_without_two(|| Err(Refused("there is no 2".into())))).await;
    let calls = [Call::Read(1), Call::Append(3)];
    assert!(store.calls().ends_with(&calls));
}

/// A store may end a page after any commit, also after the one that is known already.
#[tokio::test]
async fn a_refusal_over_pages_of_one_commit() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    ask(&ours, add(1)).await.unwrap();
    ask(&theirs, add(4)).await.unwrap();
    ask(&theirs, add(2)).await.unwrap();
    store.tamper_pages(|mut page| {
        page.more |= page.commits.len() > 1;
        page.commits.truncate(1);
        page
    });
    let refusal = wrong_without_two(|| Err(Refused("there is no 2".into())));
    assert_eq!(ask(&ours, refusal).await.unwrap().version, 4);
    assert_eq!(stored(&store, "a").await, [1, 4, 2, 3]);
}

#[tokio::test]
async fn a_no_op() {
    stale(wrong_without_two(|| Ok(vec![]))).await;
}

#[tokio::test]
async fn a_panic_of_the_handler() {
    stale(wrong_without_two(|| panic!("there is no 2"))).await;
}

#[tokio::test]
async fn an_event_that_cannot_be_encoded() {
    stale(wrong_without_two(|| Ok(vec![Fact::Unwritable]))).await;
    stale(wrong_without_two(|| Ok(vec![Fact::Explosive]))).await;
}

#[tokio::test]
async fn too_many_events() {
    stale(wrong_without_two(|| Ok(vec![Fact::Added(0), Fact::Added(0), Fact::Added(0)]))).await;
}

#[tokio::test]
async fn a_group_that_writes_nothing_in_the_end() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    ask(&ours, add(1)).await.unwrap();
    ask(&theirs, add(2)).await.unwrap();
    // The poison's `Apply` panics when the second is decided: neither writes.
    store.hold();
    let leader = sent(ask(&ours, add(9))).await;
    let poison = sent(ask(&ours, wrong_without_two(|| Ok(vec![Fact::Poison])))).await;
    let looked = sent(ask(&ours, look())).await;
    store.then(Fault::Unavailable);
    store.release();
    leader.await.unwrap_err();
    assert_eq!(poison.await.unwrap().events, [Fact::Added(3)]);
    assert_eq!(looked.await.unwrap_err().to_string(), "[1, 2, 3]");
}

#[tokio::test]
async fn the_append_of_a_round_proves_nothing_for_those_who_came_after_it_was_sent() {
    let store = FaultyStore::new();
    let app = app(&store).await;
    ask(&app, add(1)).await.unwrap();
    store.hold();
    let leader = sent(ask(&app, add(2))).await;
    let looked = sent(ask(&app, look())).await;
    store.calls();
    store.release();
    leader.await.unwrap();
    assert_eq!(looked.await.unwrap_err().to_string(), "[1, 2]");
    assert_eq!(store.calls(), [Call::Head], "the next round has to look for itself");
}

#[tokio::test(start_paused = true)]
async fn a_refusal_beside_a_write_waits_for_the_append_and_needs_no_other_proof() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    ask(&ours, add(1)).await.unwrap();
    store.hold();
    let leader = sent(ask(&ours, add(2))).await;
    let mut looked = sent(ask(&ours, look())).await;
    let written = sent(ask(&ours, add(3))).await;
    store.calls();
    store.let_through(1);
    leader.await.unwrap();
    store.arrived(3).await;
    assert!(poll_immediate(&mut looked).await.is_none(), "it left before the append showed that it is true");
    ask(&theirs, add(4)).await.unwrap();
    store.release();
    assert_eq!(looked.await.unwrap_err().to_string(), "[1, 2, 4]");
    assert_eq!(written.await.unwrap().version, 4);
    assert_eq!(store.calls(), [Call::Append(3), Call::Read(2), Call::Append(4)]);
}

#[tokio::test]
async fn a_create_on_a_cache_that_knows_of_nothing() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    assert_eq!(ask(&ours, look()).await.unwrap_err().to_string(), "[]");
    ask(&theirs, Create(1)).await.unwrap();
    let error = ask(&ours, Create(2)).await.unwrap_err();
    assert!(matches!(error, ExecuteError::AlreadyExists { .. }), "{error:?}");
    let error = ask(&ours, Create(2)).await.unwrap_err();
    assert_eq!(error.to_string(), "ledger/a exists already: this command only creates");
}
