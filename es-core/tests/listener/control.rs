//! Taking up what was set aside.

use std::sync::atomic::Ordering;

use es_core::{
    listener::ControlError,
    query::QueryError,
    repository::{Batch, Checkpoint, Move, Repository},
};

use super::world::{Seen, World, stream, until};

async fn parked_at_two() -> World {
    let world = World::start().await;
    world.poison.add("a", 2);
    let chain = world.store.chain("a", &[1, 1, 1, 1]).await;
    for (commit, offset) in chain.iter().zip(0..) {
        world.feed.commit("p", offset, commit);
    }
    until(async || !world.parked().await.is_empty()).await;
    world
}

#[tokio::test]
async fn a_retry_applies_everything_in_order() {
    let world = parked_at_two().await;
    world.poison.cure();
    world.app.retry_parked::<Seen>(&stream("a")).await.unwrap();
    assert_eq!(world.seen("a").await, [1, 2, 3, 4]);
    assert_eq!(world.parked().await, []);
    // And it listens again.
    let more = world.store.chain("a", &[1]).await;
    world.feed.commit("p", 9, &more[0]);
    assert_eq!(world.settled("a").await, [1, 2, 3, 4, 5]);
}

#[tokio::test]
async fn a_retry_that_fails_says_where_and_why() {
    let world = parked_at_two().await;
    world.poison.cure();
    world.poison.add("a", 3);
    match world.app.retry_parked::<Seen>(&stream("a")).await {
        Err(ControlError::ParkedAgain { parked, .. }) => {
            assert_eq!((parked.sequence, &*parked.error), (3, "poison"))
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(world.seen("a").await, [1, 2]);
}

#[tokio::test]
async fn a_skip_is_recorded_and_goes_on_after_the_commit() {
    let world = parked_at_two().await;
    world.app.skip_parked::<Seen>(&stream("a")).await.unwrap();
    assert_eq!(world.seen("a").await, [1, 3, 4]);
    let letters = world.app.dead_letters::<Seen>(10).await.unwrap();
    assert_eq!(letters.len(), 1);
    assert_eq!((&*letters[0].partition, letters[0].offset), ("skipped:clock/a", 2));
    assert_eq!(letters[0].reason, "skipped by hand: poison");
}

#[tokio::test]
async fn what_is_not_parked_cannot_be_taken_up() {
    let world = World::start().await;
    let chain = world.store.chain("a", &[1]).await;
    world.feed.commit("p", 0, &chain[0]);
    assert_eq!(world.settled("a").await, [1]);
    let refused = world.app.retry_parked::<Seen>(&stream("a")).await;
    assert!(matches!(refused, Err(ControlError::NotParked { .. })), "{refused:?}");
    let refused = world.app.skip_parked::<Seen>(&stream("a")).await;
    assert!(matches!(refused, Err(ControlError::NothingToSkip { sequence: 1, .. })), "{refused:?}");
}

/// Another process's listener sees that an aggregate is taken up again.
#[tokio::test]
async fn a_retry_elsewhere_is_noticed_here() {
    let here = parked_at_two().await;
    let feed = super::world::Feed::assigned(&["q"]);
    let there = World::over(feed, here.store.clone(), here.views.clone()).await;
    // `here` has dropped a record of the parked aggregate.
    let more = here.store.chain("a", &[1]).await;
    here.feed.commit("p", 4, &more[0]);
    until(async || here.offsets().await == [("p".to_owned(), 4)]).await;
    here.poison.cure();
    there.app.retry_parked::<Seen>(&stream("a")).await.unwrap();
    let more = here.store.chain("a", &[1]).await;
    here.feed.commit("p", 5, &more[0]);
    assert_eq!(here.settled("a").await, [1, 2, 3, 4, 5, 6]);
}

/// Free, and nobody has told the listener's feed: what it missed is fetched all the same.
#[tokio::test]
async fn a_retry_that_does_not_hear_the_end_of_it_is_done() {
    let world = parked_at_two().await;
    world.poison.cure();
    world.store.failing_head.store(1, Ordering::SeqCst);
    let failed = world.app.retry_parked::<Seen>(&stream("a")).await;
    assert!(matches!(failed, Err(ControlError::Store(_))), "{failed:?}");
    until(async || world.seen("a").await == [1, 2, 3, 4]).await;
}

#[tokio::test]
async fn a_retry_that_is_done_and_says_that_it_failed_is_done() {
    let world = parked_at_two().await;
    world.poison.cure();
    world.views.silent.store(1, Ordering::SeqCst);
    let failed = world.app.retry_parked::<Seen>(&stream("a")).await;
    assert!(matches!(failed, Err(ControlError::Query(QueryError::Repository(_)))), "{failed:?}");
    until(async || world.seen("a").await == [1, 2, 3, 4]).await;
}

/// A process that died right after it had set an aggregate free leaves a view behind that nothing is parked in.
#[tokio::test]
async fn a_second_retry_does_what_the_first_one_could_not() {
    let dead = parked_at_two().await;
    let views = &dead.views.inner;
    let expected = Repository::<Seen>::checkpoints(views, &[stream("a")]).await.unwrap().remove(0);
    let to = Checkpoint { parked: None, ..expected.clone() };
    let moves = vec![Move { stream: stream("a"), expected, to, commits: Vec::new() }];
    let free = Batch { moves, offsets: Vec::new(), dead_letters: Vec::new() };
    views.apply(&Seen(dead.poison.clone()), &free).await.unwrap();
    dead.poison.cure();
    dead.app.retry_parked::<Seen>(&stream("a")).await.unwrap();
    assert_eq!(dead.seen("a").await, [1, 2, 3, 4]);
}

#[tokio::test]
async fn nothing_is_set_free_without_a_listener() {
    let world = parked_at_two().await;
    world.app.shutdown().await;
    let refused = world.app.retry_parked::<Seen>(&stream("a")).await;
    let is_stopped = matches!(refused, Err(ControlError::Query(QueryError::Stopped { .. })));
    assert!(is_stopped, "{refused:?}");
    assert_eq!(world.parked().await.len(), 1);
}
