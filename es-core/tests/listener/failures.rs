//! Events that a projection cannot take.

use std::{sync::atomic::Ordering, time::Duration};

use es_core::{
    app::App,
    feed::{FeedEvent, FeedPayload},
    listener::{ListenerState, StopReason},
    query::QueryError,
};

use super::world::{
    Counted, Feed, Mean, Poison, Seen, Stopping, Store, Views, World, record, stream, until, until_stopped,
};

#[tokio::test]
async fn poison_parks_its_aggregate_and_stops_no_other() {
    let world = World::start().await;
    world.poison.add("bad", 3);
    let (bad, good) =
        (world.store.chain("bad", &[1, 2, 1]).await, world.store.chain("good", &[1, 1, 1]).await);
    for (at, offset) in (0..3).zip([0, 2, 4]) {
        world.feed.commit("p", offset, &bad[at]);
        world.feed.commit("p", offset + 1, &good[at]);
    }
    assert_eq!(world.settled("good").await, [1, 2, 3]);
    assert_eq!(world.parked().await, [("bad".to_owned(), 3, "poison".to_owned())]);
    assert_eq!(world.seen("bad").await, [1], "the commit of the failed event is not applied in part");
    until(async || world.offsets().await == [("p".to_owned(), 5)]).await;
    assert_eq!(world.status().parked, 1);
}

#[tokio::test]
async fn what_comes_before_a_failed_event_is_applied() {
    let world = World::start().await;
    world.poison.add("a", 3);
    let chain = world.store.chain("a", &[1, 1, 1, 1]).await;
    let records = chain.iter().zip(0..).map(|(c, at)| record("p", at, FeedPayload::Commit(c.clone())));
    world.feed.put(FeedEvent::Records(records.collect()));
    until(async || !world.parked().await.is_empty()).await;
    assert_eq!(world.seen("a").await, [1, 2]);
}

#[tokio::test]
async fn a_failure_by_chance_is_tried_again() {
    let world = World::start().await;
    world.poison.add("a", 2);
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    for (commit, offset) in chain.iter().zip(0..) {
        world.feed.commit("p", offset, commit);
    }
    until(async || world.seen("a").await == [1]).await;
    world.poison.cure();
    assert_eq!(world.settled("a").await, [1, 2, 3]);
    assert_eq!(world.parked().await, []);
}

#[tokio::test]
async fn a_projection_may_stop_instead() {
    let (feed, store, poison) = (Feed::assigned(&["p"]), Store::default(), Poison::default());
    poison.add("a", 2);
    let chain = store.chain("a", &[1, 1]).await;
    let builder = App::builder(store).change_feed(feed.clone());
    let app = builder.projection(Stopping(poison), Views::default()).start().await.unwrap();
    feed.commit("p", 0, &chain[0]);
    feed.commit("p", 1, &chain[1]);
    let state = until_stopped(&app).await;
    let reason = StopReason::EventFailed { stream: stream("a"), sequence: 2, error: "poison".to_owned() };
    assert_eq!(state, ListenerState::Stopped(reason.clone()));
    assert_eq!(app.views::<Stopping>().unwrap().get("a").await.unwrap(), Some(vec![1]));
    let token = es_core::query::ReadToken::new("clock", "a", 2);
    match app.views_after::<Stopping>(token).await {
        Err(QueryError::Stopped { projection: "stopping", reason: said }) => assert_eq!(said, reason),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_corrupt_row_parks_after_what_is_good() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1, 1]).await;
    world.store.corrupt_at.store(3, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[3]);
    until(async || !world.parked().await.is_empty()).await;
    assert_eq!(world.parked().await, [("a".to_owned(), 3, "a bit has rotted".to_owned())]);
    assert_eq!(world.seen("a").await, [1, 2]);
    world.store.corrupt_at.store(0, Ordering::SeqCst);
    world.app.retry_parked::<Seen>(&stream("a")).await.unwrap();
    assert_eq!(world.seen("a").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn a_corrupt_row_can_be_skipped() {
    // In the middle, and where the stream ends.
    for (corrupt, seen) in [(3, &[1, 2, 5, 6][..]), (6, &[1, 2, 3, 4, 5])] {
        let world = World::start().await;
        let chain = world.store.chain("a", &[1, 1, 2, 1, 1]).await;
        world.store.corrupt_at.store(corrupt, Ordering::SeqCst);
        world.feed.record("p", 0, FeedPayload::Hint { stream: stream("a"), sequence: 6 });
        until(async || !world.parked().await.is_empty()).await;
        world.app.skip_parked::<Seen>(&stream("a")).await.unwrap();
        assert_eq!(world.seen("a").await, seen);
        let letters = world.app.dead_letters::<Seen>(9).await.unwrap();
        assert_eq!(letters[0].reason, "skipped by hand: a bit has rotted");
        // And it goes on from there.
        let more = world.store.chain("a", &[1]).await;
        world.store.corrupt_at.store(0, Ordering::SeqCst);
        world.feed.commit("p", 1, &more[0]);
        assert_eq!(world.settled("a").await.last(), Some(&7));
        assert_eq!((chain.len(), world.parked().await.len()), (5, 0));
    }
}

/// Nothing that comes can fill it: the aggregate is set aside, and its partition goes on.
#[tokio::test]
async fn a_stream_that_has_lost_a_commit_is_set_aside() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1, 1]).await;
    world.store.lost_at.store(2, Ordering::SeqCst);
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &chain[2]);
    until(async || !world.parked().await.is_empty()).await;
    let [(_, 2, error)] = &world.parked().await[..] else { panic!("{:?}", world.parked().await) };
    assert!(error.contains("clock/a is forked at sequence 2"), "{error}");
    assert_eq!(world.seen("a").await, [1]);
    until(async || world.offsets().await == [("p".to_owned(), 1)]).await;
    // Who accepts the loss goes on after it.
    world.app.skip_parked::<Seen>(&stream("a")).await.unwrap();
    assert_eq!(world.seen("a").await, [1, 3, 4]);
}

/// The store was replaced by an older one, and the feed goes on where the newer one was.
#[tokio::test(start_paused = true)]
async fn what_the_store_never_has_is_set_aside_in_the_end() {
    let world = World::start().await;
    let (chain, lost) = (world.store.chain("a", &[1]).await, Store::default().chain("a", &[1, 1, 1]).await);
    world.feed.commit("p", 0, &chain[0]);
    world.feed.commit("p", 1, &lost[2]);
    let is_parked = async {
        while world.parked().await.is_empty() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
    };
    let began = tokio::time::Instant::now();
    tokio::time::timeout(Duration::from_secs(600), is_parked).await.unwrap();
    assert!(began.elapsed() > Duration::from_secs(60), "a store may be late");
    let [(_, 2, error)] = &world.parked().await[..] else { panic!("{:?}", world.parked().await) };
    assert!(error.contains("forked at sequence 2") && error.contains("ends at 1"), "{error}");
    until(async || world.offsets().await == [("p".to_owned(), 1)]).await;
}

/// What only the feed has left is used.
#[tokio::test]
async fn a_commit_that_the_store_has_lost_and_the_feed_has_not_is_applied() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1, 1]).await;
    world.store.lost_at.store(2, Ordering::SeqCst);
    let records = [0, 2, 1].into_iter().zip(0..);
    let records = records.map(|(at, offset)| record("p", offset, FeedPayload::Commit(chain[at].clone())));
    world.feed.put(FeedEvent::Records(records.collect()));
    until(async || world.seen("a").await == [1, 2, 3]).await;
    assert_eq!(world.parked().await, []);
}

/// An accepted event makes of a row what cannot be kept, or not be read again: only its aggregate is set aside.
#[tokio::test]
async fn a_row_that_cannot_be_kept_is_its_events_failure() {
    let (feed, store) = (Feed::assigned(&["p"]), Store::default());
    let app = App::builder(store.clone()).change_feed(feed.clone());
    let app = app.projection(Mean(Poison::default()), Views::default()).start().await.unwrap();
    let (bad, good) = (store.chain("nan", &[1, 1]).await, store.chain("b", &[1, 1]).await);
    for (at, offset) in (0..2).zip([0, 2]) {
        feed.commit("p", offset, &bad[at]);
        feed.commit("p", offset + 1, &good[at]);
    }
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    assert_eq!(app.views::<Mean>().unwrap().get("b").await.unwrap(), Some(2.0));
    let parked = app.parked::<Mean>(9).await.unwrap().remove(0);
    let error = parked.checkpoint.parked.unwrap();
    assert_eq!((&*parked.stream.id, error.sequence), ("nan", 2));
    assert!(error.error.starts_with("view row `nan`: invalid type: null"), "{}", error.error);
    assert_eq!(app.views::<Mean>().unwrap().get("nan").await.unwrap(), Some(1.0));
}

/// The same, where nothing in the row itself looks wrong.
#[tokio::test]
async fn a_row_that_only_its_reader_refuses_is_its_events_failure() {
    let (feed, store) = (Feed::assigned(&["p"]), Store::default());
    let app = App::builder(store.clone()).change_feed(feed.clone());
    let app = app.projection(Counted::default(), Views::default()).start().await.unwrap();
    let (bad, good) = (store.chain("a", &[1, 1]).await, store.chain("b", &[1]).await);
    for (commit, offset) in bad.iter().chain(&good).zip(0..) {
        feed.commit("p", offset, commit);
    }
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    let views = app.views::<Counted>().unwrap();
    assert_eq!(views.get("b").await.unwrap().map(|count| count.of), Some(1));
    let parked = app.parked::<Counted>(9).await.unwrap().remove(0);
    let error = parked.checkpoint.parked.unwrap();
    assert_eq!((&*parked.stream.id, error.sequence), ("a", 2));
    assert!(error.error.starts_with("view row `a`: missing field `of`"), "{}", error.error);
    assert_eq!(views.get("a").await.unwrap().map(|count| count.of), Some(1));
}
