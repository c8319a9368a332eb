use std::sync::atomic::Ordering;

use es_core::{
    app::{App, PartHealth},
    feed::{FeedError, FeedEvent},
    store::MemoryEventStore,
};

use crate::listener::world::{Feed, Poison, Stopping, Views, World, until, until_stopped};

#[tokio::test]
async fn what_nobody_uses_is_not_down() {
    let app = App::builder(MemoryEventStore::new()).start().await.unwrap();
    let health = app.health().await;
    assert_eq!((&health.store, &health.feed), (&PartHealth::Unused, &PartHealth::Unused));
    assert!(health.is_up());
    assert_eq!(health.to_string(), "all parts are up");
}

/// Each part goes down and comes back, and is named as long as it is down.
#[tokio::test]
async fn the_part_that_is_down_is_named() {
    let world = World::start().await;
    assert!(world.app.health().await.is_up());

    world.store.failing_head.store(1, Ordering::SeqCst);
    let down = world.app.health().await.down();
    assert_eq!(down, [("store".to_owned(), "the event store cannot be read: the store is down".to_owned())]);
    assert!(world.app.health().await.is_up());

    world.views.failing_looks.store(1, Ordering::SeqCst);
    let health = world.app.health().await;
    assert_eq!(
        health.to_string(),
        "views of `seen` is down: the view database is not available: the database is down"
    );
    assert!(world.app.health().await.is_up());
}

/// A standby, a full disk: whoever reads is answered.
#[tokio::test]
async fn views_that_cannot_be_written_are_named() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    world.views.failing.store(usize::MAX, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[0]);
    until(async || !world.app.health().await.is_up()).await;
    let cannot =
        "its listener cannot write its views: the view database is not available: the database is down";
    assert_eq!(world.app.health().await.down(), [("projection `seen`".to_owned(), cannot.to_owned())]);
    world.views.failing.store(0, Ordering::SeqCst);
    until(async || world.app.health().await.is_up()).await;
    assert_eq!(world.settled("a").await, [1]);
}

#[tokio::test]
async fn a_feed_that_is_down_is_named() {
    let world = World::start().await;
    until(async || world.feed.taken() == 1).await;
    world.feed.fail();
    let due = [("feed".to_owned(), FeedError::Unavailable("the feed is down".into()).to_string())];
    // Until it brings something again.
    until(async || world.app.health().await.down() == due).await;
    world.feed.put(FeedEvent::Assigned(vec!["p".into()]));
    until(async || world.app.health().await.is_up()).await;
}

#[tokio::test]
async fn parked_aggregates_are_counted_and_a_stopped_listener_is_down() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    world.poison.add("a", 1);
    world.feed.commit("p", 0, &chain[0]);
    until(async || world.app.health().await.projections[0].parked == 1).await;
    assert!(world.app.health().await.is_up(), "the others go on");

    let (feed, poison) = (Feed::assigned(&["p"]), Poison::default());
    poison.add("a", 1);
    let app = App::builder(world.store.clone()).change_feed(feed.clone());
    let app = app.projection(Stopping(poison), Views::default()).start().await.unwrap();
    feed.commit("p", 0, &chain[0]);
    until_stopped(&app).await;
    let down = app.health().await.down();
    assert_eq!(down.len(), 1);
    assert_eq!(down[0].0, "projection `stopping`");
    assert!(down[0].1.contains("event 1 of clock/a failed") && down[0].1.contains("poison"), "{}", down[0].1);
}
