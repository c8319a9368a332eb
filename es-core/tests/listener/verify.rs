//! What no record shows: the store is asked.

use std::{sync::atomic::Ordering, time::Duration};

use es_core::{
    app::App,
    repository::{Batch, Checkpoint, Move, Repository},
    store::{EventStore, Version},
};

use super::world::{Feed, Seen, Store, Views, World, commit, stream, until};

/// An App whose feed brings nothing, over a store that has commits already.
async fn with_history(feed: Feed) -> World {
    let store = Store::default();
    store.chain("a", &[1, 2]).await;
    store.chain("b", &[1]).await;
    World::over(feed, store, Views::default()).await
}

#[tokio::test]
async fn the_start_of_a_feed_that_may_lose_finds_what_it_does_not_bring() {
    let world = with_history(Feed::assigned(&["p"]).lossy()).await;
    until(async || world.seen("a").await == [1, 2, 3] && world.seen("b").await == [1]).await;
    assert_eq!(world.status().behind, 2);
}

#[tokio::test(start_paused = true)]
async fn a_feed_that_is_complete_is_trusted() {
    let world = with_history(Feed::assigned(&["p"])).await;
    tokio::time::sleep(Duration::from_secs(3600)).await;
    assert_eq!((world.seen("a").await.len(), world.status().behind), (0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_lost_tail_is_found_on_schedule() {
    let feed = Feed::assigned(&["p"]).lossy();
    let world = World::over(feed, Store::default(), Views::default()).await;
    tokio::time::sleep(Duration::from_secs(60)).await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    world.feed.commit("p", 0, &chain[0]);
    tokio::time::sleep(Duration::from_secs(60)).await;
    assert_eq!(world.seen("a").await, [1], "nobody has looked yet");
    tokio::time::sleep(Duration::from_secs(300)).await;
    assert_eq!(world.seen("a").await, [1, 2, 3]);
    assert_eq!(world.status().behind, 1);
}

#[tokio::test(start_paused = true)]
async fn the_interval_is_the_users() {
    let store = Store::default();
    let views = Views::default();
    let feed = Feed::assigned(&["p"]);
    let builder = App::builder(store.clone()).change_feed(feed).verify_every(Duration::from_secs(3600));
    let app = builder.projection(Seen::default(), views).start().await.unwrap();
    store.chain("a", &[1]).await;
    tokio::time::sleep(Duration::from_secs(3500)).await;
    assert_eq!(app.views::<Seen>().unwrap().get("a").await.unwrap(), None);
    tokio::time::sleep(Duration::from_secs(200)).await;
    assert_eq!(app.views::<Seen>().unwrap().get("a").await.unwrap(), Some(vec![1]));
}

/// A commit that is on its way is no loss, and is not fetched.
#[tokio::test(start_paused = true)]
async fn what_comes_within_the_grace_period_is_not_behind() {
    let world = with_history(Feed::assigned(&["p"])).await;
    let a = world.store.inner.read(&stream("a"), 1, 9).await.unwrap().commits;
    let verify = world.app.verify();
    let arrive = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        world.feed.commit("p", 0, &a[0]);
        world.feed.commit("p", 1, &a[1]);
    };
    let (found, ()) = tokio::join!(verify, arrive);
    let found = found.unwrap();
    assert_eq!(
        (found[0].projection, found[0].streams, found[0].behind, found[0].diverged),
        ("seen", 2, 1, 0)
    );
    assert_eq!(world.settled("b").await, [1]);
    assert_eq!((world.seen("a").await, world.status().fetched), (vec![1, 2, 3], 1));
}

#[tokio::test]
async fn a_lost_offset_has_the_store_asked() {
    let feed = Feed::assigned(&["p"]);
    let store = Store::default();
    let views = Views::default();
    let chain = store.chain("a", &[1, 1]).await;
    let first = World::over(feed.clone(), store.clone(), views.clone()).await;
    feed.commit("p", 7, &chain[0]);
    until(async || first.offsets().await == [("p".to_owned(), 7)]).await;
    first.app.shutdown().await;
    let feed = Feed::assigned(&["p"]);
    feed.lose_offset(7);
    let second = World::over(feed, store, views).await;
    until(async || second.seen("a").await == [1, 2]).await;
}

/// The store was restored from a backup that is older than the views.
#[tokio::test(start_paused = true)]
async fn views_that_show_what_the_store_does_not_hold_are_counted_and_left() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    let lost = commit(&chain[0].version(), &stream("a"), 1);
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &lost);
    let other = world.store.chain("b", &[1]).await;
    until(async || world.seen("a").await == [1, 2]).await;
    // Of "b" the view knows another commit than the store.
    let forged = commit(&Version::EMPTY, &stream("b"), 1);
    assert_ne!(forged.id, other[0].id);
    let to = Checkpoint { applied: 1, commit_id: Some(forged.id), parked: None };
    let moves =
        vec![Move { stream: stream("b"), expected: Checkpoint::default(), to, commits: vec![forged] }];
    let batch = Batch { moves, ..Default::default() };
    world.views.apply(&Seen::default(), &batch).await.unwrap();
    let found = world.app.verify().await.unwrap();
    assert_eq!((found[0].streams, found[0].behind, found[0].diverged), (2, 0, 2));
    assert_eq!(world.status().diverged, 2);
    assert_eq!(world.seen("a").await, [1, 2]);
}

/// The backup is from before the stream began.
#[tokio::test(start_paused = true)]
async fn views_of_streams_that_the_store_does_not_have_are_counted() {
    let world = World::start().await;
    let here = world.store.chain("here", &[1]).await;
    world.feed.commit("p", 0, &here[0]);
    for (offset, id) in [(1, "lost"), (2, "lost too")] {
        world.feed.commit("p", offset, &commit(&Version::EMPTY, &stream(id), 1));
    }
    until(async || world.seen("lost too").await == [1]).await;
    // Set aside before its first event: its view shows nothing that could be lost.
    world.poison.add("poison", 1);
    world.feed.commit("p", 3, &commit(&Version::EMPTY, &stream("poison"), 1));
    until(async || world.parked().await.len() == 1).await;
    let found = world.app.verify().await.unwrap();
    assert_eq!((found[0].streams, found[0].behind, found[0].diverged), (1, 0, 2));
    assert_eq!(world.status().diverged, 2);
    assert_eq!(world.seen("lost").await, [1], "they stay as they are");
}

/// A stream that begins while the others are looked at is in no page of heads, and is not lost.
#[tokio::test(start_paused = true)]
async fn a_stream_that_begins_meanwhile_is_not_lost() {
    let world = World::start().await;
    world.store.chain("a", &[1]).await; // in no view yet: verification waits for the grace period
    let verify = world.app.verify();
    let begin = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        let new = world.store.chain("new", &[1]).await;
        world.feed.commit("p", 0, &new[0]);
        until(async || world.seen("new").await == [1]).await;
    };
    let (found, ()) = tokio::join!(verify, begin);
    let found = found.unwrap();
    assert_eq!((found[0].streams, found[0].behind, found[0].diverged), (1, 1, 0));
}

#[tokio::test]
async fn a_parked_aggregate_is_left_to_its_owner() {
    let world = World::start().await;
    world.poison.add("a", 1);
    let chain = world.store.chain("a", &[1, 1]).await;
    world.feed.commit("p", 0, &chain[0]);
    until(async || !world.parked().await.is_empty()).await;
    let found = world.app.verify().await.unwrap();
    assert_eq!((found[0].streams, found[0].behind, found[0].diverged), (1, 0, 0));
}

#[tokio::test(start_paused = true)]
async fn a_store_that_is_down_is_asked_again() {
    let store = Store::default();
    store.chain("a", &[1]).await;
    store.failing_heads.store(3, Ordering::SeqCst);
    let world = World::over(Feed::assigned(&["p"]).lossy(), store, Views::default()).await;
    until(async || world.seen("a").await == [1]).await;
    assert_eq!(world.store.failing_heads.load(Ordering::SeqCst), 0);
    world.store.failing_heads.store(1, Ordering::SeqCst);
    world.app.verify().await.unwrap_err();
}

/// More streams than one page, more than are fetched at once, more than hints that wait.
#[tokio::test]
async fn many_streams_are_brought_up_without_a_feed() {
    let store = Store::default();
    for n in 0..2500 {
        store.chain(&format!("{n}"), &[1]).await;
    }
    let world = World::over(Feed::assigned(&["p"]).lossy(), store, Views::default()).await;
    world.app.caught_up(Duration::from_secs(60)).await.unwrap();
    assert_eq!((world.status().behind, world.status().fetched), (2500, 2500));
    assert_eq!(world.seen("2499").await, [1]);
}
