//! Parts that are out of reach for a while.

use std::sync::atomic::Ordering;

use es_core::{
    listener::{ListenerState, StopReason},
    query::{QueryError, ReadAfter, ReadToken},
    store::EventStore,
};
use std::time::Duration;

use super::world::{Seen, World, commit, stream, until, until_stopped};

#[tokio::test]
async fn a_database_that_comes_back_loses_and_doubles_nothing() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    world.views.failing.store(2, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[0]);
    until(async || matches!(world.status().state, ListenerState::Waiting { .. })).await;
    until(async || world.seen("a").await == [1]).await;
    // Done, but nobody was told: must not be done twice.
    world.views.silent.store(2, Ordering::SeqCst);
    world.feed.commit("p", 1, &chain[1]);
    world.feed.commit("p", 2, &chain[2]);
    assert_eq!(world.settled("a").await, [1, 2, 3]);
    until(async || world.status().state == ListenerState::Running).await;
}

#[tokio::test]
async fn a_store_that_comes_back_fills_the_gap() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    world.store.failing_reads.store(3, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[2]);
    assert_eq!(world.settled("a").await, [1, 2, 3]);
    assert!(world.store.reads.load(Ordering::SeqCst) >= 4);
}

#[tokio::test]
async fn a_feed_that_comes_back_begins_where_it_was_saved() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1]).await;
    world.feed.commit("p", 3, &chain[0]);
    until(async || world.offsets().await == [("p".to_owned(), 3)]).await;
    world.feed.fail();
    world.feed.put(es_core::feed::FeedEvent::Assigned(vec!["p".into()]));
    world.feed.commit("p", 3, &chain[0]);
    world.feed.commit("p", 4, &chain[1]);
    assert_eq!(world.settled("a").await, [1, 2]);
    until(async || world.feed.seeks().last() == Some(&("p".to_owned(), Some(3)))).await;
}

/// What was held belongs to whoever gets the partition next.
#[tokio::test]
async fn a_feed_that_is_lost_takes_what_was_held_with_it() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    let second = commit(&chain[0].version(), &stream("a"), 1);
    let third = commit(&second.version(), &stream("a"), 1);
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &third);
    until(async || world.status().held == 1).await;
    world.feed.fail();
    until(async || world.feed.taken() == 4).await;
    tokio::time::sleep(Duration::from_millis(100)).await;
    world.store.append(second).await.unwrap();
    world.store.append(third).await.unwrap();
    tokio::time::sleep(Duration::from_millis(400)).await;
    assert_eq!(world.seen("a").await, [1]);
}

#[tokio::test]
async fn waiting_ends_where_there_is_nothing_to_wait_for() {
    let world = World::start().await;
    let token = |category: &str, id: &str, sequence| ReadToken::new(category, id, sequence);
    world.app.views_after::<Seen>(token("elsewhere", "a", 9)).await.unwrap();
    world.app.views_after::<Seen>(token("clock", "a", 0)).await.unwrap();
    let late = world.app.views_after::<Seen>(token("clock", "a", 1).within(Duration::from_millis(20))).await;
    match late {
        Err(QueryError::Behind { projection: "seen", token, .. }) => assert_eq!(token, "clock/1/a"),
        other => panic!("{other:?}"),
    }
    world.poison.add("a", 1);
    let chain = world.store.chain("a", &[1, 1]).await;
    world.feed.commit("p", 0, &chain[0]);
    world.app.views_after::<Seen>(token("clock", "a", 2)).await.unwrap();
    assert_eq!(world.parked().await.len(), 1);
    // Also for who asks only now, when nobody is left to wake him.
    world.app.views_after::<Seen>(token("clock", "a", 2)).await.unwrap();
}

/// What has written to several aggregates is waited for as a whole, within one limit.
#[tokio::test]
async fn waiting_is_for_all_that_is_named() {
    let world = World::start().await;
    let (a, b) = (world.store.chain("a", &[1]).await, world.store.chain("b", &[1]).await);
    let both = || ["a", "b"].map(|id| ReadToken::new("clock", id, 1));
    world.feed.commit("p", 0, &a[0]);
    until(async || world.seen("a").await == [1]).await;
    let soon = ReadAfter::from(both()).within(Duration::from_millis(200));
    match world.app.views_after::<Seen>(soon).await {
        Err(QueryError::Behind { token, .. }) => assert_eq!(token, "clock/1/b"),
        other => panic!("{other:?}"),
    }
    world.feed.commit("p", 1, &b[0]);
    world.app.views_after::<Seen>(both()).await.unwrap();
    assert_eq!((world.seen("a").await, world.seen("b").await), (vec![1], vec![1]));
    world.app.views_after::<Seen>(Vec::new()).await.unwrap();
}

/// A reader in one process sees what a listener in another one applies.
#[tokio::test]
async fn waiting_sees_what_another_process_applies() {
    let here = World::start().await;
    let there =
        World::over(super::world::Feed::assigned(&["q"]), here.store.clone(), here.views.clone()).await;
    let chain = here.store.chain("a", &[1]).await;
    let token = ReadToken::new("clock", "a", 1);
    let wait = here.app.views_after::<Seen>(token);
    let apply = async { there.feed.commit("q", 0, &chain[0]) };
    let (waited, ()) = tokio::join!(wait, apply);
    assert_eq!(waited.unwrap().get("a").await.unwrap(), Some(vec![1]));
}

#[tokio::test]
async fn a_listener_ends_with_its_app() {
    let world = World::start().await;
    world.app.shutdown().await;
    assert_eq!(until_stopped(&world.app).await, ListenerState::Stopped(StopReason::Shutdown));
    // And when nobody has the App any more.
    let other = World::start().await;
    let World { feed, app, .. } = other;
    until(async || feed.taken() == 1).await;
    drop(app);
    tokio::time::sleep(Duration::from_millis(20)).await;
    feed.record("p", 0, es_core::feed::FeedPayload::Other);
    tokio::time::sleep(Duration::from_millis(50)).await;
    assert_eq!(feed.taken(), 1, "nobody listens");
}

/// The feed is late; the commit is in the store, as the token says.
#[tokio::test]
async fn waiting_for_a_commit_fetches_it_where_the_feed_is_late() {
    let world = World::start().await;
    world.store.chain("a", &[1, 1]).await;
    let views = world.app.views_after::<Seen>(ReadToken::new("clock", "a", 2)).await.unwrap();
    assert_eq!(views.get("a").await.unwrap(), Some(vec![1, 2]));
    assert_eq!(world.status().fetched, 2);
}

/// Whoever waits says for how long, and not the database's connections.
#[tokio::test]
async fn waiting_ends_in_time_where_the_view_database_hangs() {
    let world = World::start().await;
    world.views.hanging.store(true, Ordering::SeqCst);
    let token = ReadToken::new("clock", "a", 1).within(Duration::from_millis(20));
    let late = world.app.views_after::<Seen>(token);
    let late = tokio::time::timeout(Duration::from_secs(60), late).await.expect("it ends");
    assert!(matches!(late, Err(QueryError::Behind { .. })), "{late:?}");
}

/// However long somebody wants to wait.
#[tokio::test]
async fn patience_may_be_without_end() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    let token = ReadToken::new("clock", "a", 1).within(Duration::MAX);
    let mut wait = Box::pin(world.app.views_after::<Seen>(token));
    assert!(futures_util::future::poll_immediate(&mut wait).await.is_none());
    world.feed.commit("p", 0, &chain[0]);
    wait.await.unwrap();
    world.app.caught_up(Duration::MAX).await.unwrap();
}
