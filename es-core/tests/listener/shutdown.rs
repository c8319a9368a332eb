//! What becomes of a listener's work when its App is shut down.

use std::sync::atomic::Ordering;

use es_core::{feed::FeedPayload, query::QueryError, query::ReadToken};
use futures_util::future::poll_immediate;

use super::world::{Seen, World, until};

#[tokio::test]
async fn the_transaction_in_hand_is_finished_and_the_feed_left() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1, 1]).await;
    let held = world.views.gate.clone().write_owned().await;
    world.feed.commit("p", 7, &chain[0]);
    until(async || world.views.applies.load(Ordering::SeqCst) == 1).await;
    let mut end = Box::pin(world.app.shutdown());
    assert!(poll_immediate(&mut end).await.is_none(), "it is not saved yet");
    assert_eq!(world.feed.left(), 0);
    drop(held);
    end.await;
    assert_eq!(world.seen("a").await, [1]);
    assert_eq!(world.offsets().await, [("p".to_owned(), 7)]);
    assert_eq!(world.feed.saved(), Some(("p".to_owned(), 7)));
    assert_eq!(world.feed.left(), 1);
    // What comes later is the next process's.
    world.feed.commit("p", 8, &chain[1]);
    assert_eq!((world.seen("a").await, world.feed.taken()), (vec![1], 2));
}

/// Offsets that move without a commit are saved now and then, and at the end.
#[tokio::test]
async fn offsets_that_wait_are_saved() {
    let world = World::start().await;
    world.feed.record("p", 0, FeedPayload::Other);
    until(async || world.offsets().await == [("p".to_owned(), 0)]).await;
    world.feed.record("p", 1, FeedPayload::Other);
    until(async || world.feed.taken() == 3).await;
    world.app.shutdown().await;
    assert_eq!(world.offsets().await, [("p".to_owned(), 1)]);
    assert_eq!(world.feed.saved(), Some(("p".to_owned(), 1)));
}

#[tokio::test]
async fn who_waits_for_a_view_is_told() {
    let world = World::start().await;
    let mut wait = Box::pin(world.app.views_after::<Seen>(ReadToken::new("clock", "a", 1)));
    assert!(poll_immediate(&mut wait).await.is_none());
    world.app.shutdown().await;
    let told = wait.await.unwrap_err();
    assert!(matches!(told, QueryError::Stopped { projection: "seen", .. }), "{told:?}");
}

#[tokio::test]
async fn a_database_out_of_reach_does_not_keep_it_and_the_feed_is_left() {
    let world = World::start().await;
    world.views.failing.store(usize::MAX, Ordering::SeqCst);
    let chain = world.store.chain("a", &[1]).await;
    world.feed.commit("p", 0, &chain[0]);
    until(async || world.views.applies.load(Ordering::SeqCst) > 1).await;
    world.app.shutdown().await;
    assert_eq!((world.feed.left(), world.offsets().await), (1, vec![]));
}

/// The first one may have been given up: whoever waits again waits for the same end.
#[tokio::test]
async fn a_second_shutdown_waits_as_well() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    let held = world.views.gate.clone().write_owned().await;
    world.feed.commit("p", 7, &chain[0]);
    until(async || world.views.applies.load(Ordering::SeqCst) == 1).await;
    assert!(poll_immediate(world.app.shutdown()).await.is_none());
    let mut again = Box::pin(world.app.shutdown());
    for _ in 0..100 {
        assert!(poll_immediate(&mut again).await.is_none(), "it is not saved yet");
        tokio::task::yield_now().await;
    }
    drop(held);
    again.await;
    assert_eq!((world.seen("a").await, world.feed.left()), (vec![1], 1));
}
