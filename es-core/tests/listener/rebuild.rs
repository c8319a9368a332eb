//! Views are built anew while the old ones serve.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use es_core::{
    app::App,
    feed::InProcess,
    listener::{ListenerState, RebuildError, StopReason},
    query::ReadToken,
    repository::{ApplyError, Batch, Checkpoint, MemoryRepository, Move, Repository, TakeOver},
    store::{EventStore, MemoryEventStore, Version},
};

use super::world::{Feed, Poison, Seen, Stopping, Store, Sum, Views, World, commit, stream, until};

/// An App over a store whose feed is complete, with views that are wrong: of another code, say.
async fn with_wrong_views(store: &MemoryEventStore, views: &MemoryRepository) -> App {
    let app = App::builder(store.clone()).projection(Seen::default(), views.clone());
    let app = app.projection(Sum::default(), views.clone()).start().await.unwrap();
    for id in ["a", "b", "c"] {
        let mut at = Version::EMPTY;
        for ticks in [1, 2, 1] {
            let commit = commit(&at, &stream(id), ticks);
            at = commit.version();
            store.append(commit).await.unwrap();
        }
    }
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    app
}

async fn seen(app: &App, id: &str) -> Vec<u64> {
    app.views::<Seen>().unwrap().get(id).await.unwrap().unwrap_or_default()
}

async fn sum(app: &App) -> u64 {
    app.views::<Sum>().unwrap().get("all").await.unwrap().unwrap_or_default()
}

async fn append_one(store: &MemoryEventStore, id: &str) -> u64 {
    let head = store.head(&stream(id)).await.unwrap();
    let commit = commit(&head, &stream(id), 1);
    store.append(commit.clone()).await.unwrap();
    commit.last_sequence
}

#[tokio::test]
async fn new_views_take_over_and_follow() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let app = with_wrong_views(&store, &views).await;
    assert_eq!((seen(&app, "a").await, sum(&app).await), (vec![1, 2, 3, 4], 12));
    let held = app.views::<Sum>().unwrap();
    let mut told = Vec::new();
    let done = app.rebuild::<Sum>(|progress| told.push(*progress)).await.unwrap();
    assert_eq!((done.behind, told.last()), (0, Some(&done)));
    assert!(told.len() > 1 && told[0].behind == 3, "{told:?}");
    assert_eq!((sum(&app).await, seen(&app, "a").await), (12, vec![1, 2, 3, 4]));
    let sequence = append_one(&store, "a").await;
    let token = ReadToken::new("clock", "a", sequence);
    assert_eq!(app.views_after::<Sum>(token).await.unwrap().get("all").await.unwrap(), Some(13));
    assert_eq!(held.get("all").await.unwrap(), Some(13), "views in hand follow, too");
    // And once more.
    app.rebuild::<Sum>(|_| ()).await.unwrap();
    assert_eq!(Repository::<Sum>::generations(&views).await.unwrap().serving, 2);
    assert_eq!(sum(&app).await, 13);
    app.shutdown().await;
}

/// While commands go on: no read steps back, and nothing is missing in the end.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_never_step_back_while_commits_go_on() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let app = with_wrong_views(&store, &views).await;
    let done = Arc::new(AtomicBool::new(false));
    let writer = tokio::spawn({
        let (store, done) = (store.clone(), done.clone());
        async move {
            let mut written = 0;
            while !done.load(Ordering::SeqCst) {
                append_one(&store, "a").await;
                written += 1;
                tokio::time::sleep(Duration::from_micros(300)).await;
            }
            written
        }
    });
    let reader = tokio::spawn({
        let (app, done) = (app.clone(), done.clone());
        async move {
            let mut last = 0;
            while !done.load(Ordering::SeqCst) {
                let now = sum(&app).await;
                assert!(now >= last, "{last} was seen before {now}");
                last = now;
                tokio::task::yield_now().await;
            }
        }
    });
    for _ in 0..5 {
        app.rebuild::<Sum>(|_| ()).await.unwrap();
    }
    done.store(true, Ordering::SeqCst);
    reader.await.unwrap();
    let written = writer.await.unwrap();
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    assert_eq!(sum(&app).await, 12 + written);
}

#[tokio::test]
async fn another_process_notices() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let here = with_wrong_views(&store, &views).await;
    let there = App::builder(store.clone()).projection(Sum::default(), views.clone()).start().await.unwrap();
    here.rebuild::<Sum>(|_| ()).await.unwrap();
    // Also one that waits for what only the new views will show.
    let sequence = append_one(&store, "b").await;
    let token = ReadToken::new("clock", "b", sequence);
    assert_eq!(there.views_after::<Sum>(token).await.unwrap().get("all").await.unwrap(), Some(13));
    until(async || sum(&there).await == 13).await;
    assert_eq!(there.projections()[0].state, ListenerState::Running);
    // One that starts now finds the new views.
    let late = App::builder(store.clone()).projection(Sum::default(), views.clone()).start().await.unwrap();
    assert_eq!(sum(&late).await, 13);
}

/// A listener of the old views, in a process that has not noticed, cannot write any more.
#[tokio::test]
async fn the_old_generation_is_closed() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let app = with_wrong_views(&store, &views).await;
    app.rebuild::<Sum>(|_| ()).await.unwrap();
    let error = views.apply(&Sum::default(), &Batch::default()).await.unwrap_err();
    assert!(matches!(error, ApplyError::Superseded { projection: "sum", generation: 0 }), "{error:?}");
    assert_eq!(Repository::<Sum>::take_over(&views, 0).await.unwrap(), TakeOver::Superseded);
    assert_eq!(Repository::<Sum>::take_over(&views, 1).await.unwrap(), TakeOver::Done, "it serves");
    views.apply(&Seen::default(), &Batch::default()).await.expect("another projection has its own");
}

#[tokio::test]
async fn a_second_rebuild_ends_the_first() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let app = with_wrong_views(&store, &views).await;
    // It can never end by itself: the new views stay behind.
    let poison = Poison::default();
    let slow = App::builder(store.clone()).projection(Stopping(poison.clone()), views.clone());
    let slow = slow.start().await.unwrap();
    slow.caught_up(Duration::from_secs(60)).await.unwrap();
    poison.add("a", 2);
    let error = slow.rebuild::<Stopping>(|_| ()).await.unwrap_err();
    let stopped = matches!(&error, RebuildError::Stopped { reason: StopReason::EventFailed { .. }, .. });
    assert!(stopped, "{error:?}");
    assert_eq!(slow.projections()[0].state, ListenerState::Running, "the old views go on");
    let begun = Repository::<Sum>::begin_filling(&views).await.unwrap();
    app.rebuild::<Sum>(|_| ()).await.unwrap();
    assert_eq!(Repository::<Sum>::take_over(&views, begun).await.unwrap(), TakeOver::Superseded);
    assert_eq!(sum(&app).await, 12);
}

#[tokio::test]
async fn new_views_that_would_stay_behind_do_not_take_over() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let poison = Poison::default();
    let app =
        App::builder(store.clone()).projection(Sum(poison.clone()), views.clone()).start().await.unwrap();
    for _ in 0..3 {
        append_one(&store, "a").await;
        append_one(&store, "b").await;
    }
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    poison.add("a", 2);
    let error = app.rebuild::<Sum>(|_| ()).await.unwrap_err();
    assert!(matches!(error, RebuildError::Parked { aggregates: 1, .. }), "{error:?}");
    assert_eq!(sum(&app).await, 6);
    poison.cure();
    app.rebuild::<Sum>(|_| ()).await.unwrap();
    assert_eq!((sum(&app).await, app.parked::<Sum>(9).await.unwrap().len()), (6, 0));
}

/// With a feed that brings nothing any more, the new views are filled from the store.
#[tokio::test]
async fn views_are_filled_from_the_store_where_the_feed_has_forgotten() {
    let (store, views) = (Store::default(), MemoryRepository::new());
    store.chain("a", &[1, 2]).await;
    store.chain("b", &[1]).await;
    let app = App::builder(store.clone()).change_feed(InProcess::new()).projection(Sum::default(), views);
    let app = app.start().await.unwrap();
    until(async || sum(&app).await == 4).await;
    app.rebuild::<Sum>(|_| ()).await.unwrap();
    assert_eq!(sum(&app).await, 4);
}

#[tokio::test]
async fn what_cannot_be_rebuilt_says_so() {
    let world = World::over(Feed::assigned(&["p"]), Store::default(), Views::default()).await;
    let error = world.app.rebuild::<Seen>(|_| ()).await.unwrap_err();
    assert!(matches!(error, RebuildError::Unsupported("seen")), "{error:?}");
    let error = world.app.rebuild::<Sum>(|_| ()).await.unwrap_err();
    assert!(matches!(error, RebuildError::NotRegistered { projection: "sum", .. }), "{error:?}");
    // The type, as the builder takes it.
    assert!(error.to_string().contains("::Sum, repository)`"), "{error}");
}

/// Found by the simulation: a process that stands still while its views are rebuilt twice has a repository in hand whose
/// rows are removed.
#[tokio::test]
async fn what_is_read_from_removed_views_is_read_again_from_those_that_serve() {
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let app = with_wrong_views(&store, &views).await;
    // None of this waits, so the App has no chance to notice.
    for _ in 0..2 {
        let generation = Repository::<Sum>::begin_filling(&views).await.unwrap();
        let new = Repository::<Sum>::at_generation(&views, generation).unwrap();
        let mut batch = Batch::default();
        for id in ["a", "b", "c"] {
            let commits = store.read(&stream(id), 1, 9).await.unwrap().commits;
            let (applied, commit_id) = (commits[2].last_sequence, Some(commits[2].id));
            let (expected, to) = (Checkpoint::default(), Checkpoint { applied, commit_id, parked: None });
            batch.moves.push(Move { stream: stream(id), expected, to, commits });
        }
        new.apply(&Sum::default(), &batch).await.unwrap();
        assert_eq!(Repository::<Sum>::take_over(&views, generation).await.unwrap(), TakeOver::Done);
    }
    Repository::<Sum>::begin_filling(&views).await.unwrap();
    assert_eq!(views_of(&app, "all").await, (Some(12), vec![("all".to_owned(), 12)]));
    assert_eq!(views_of(&app, "nobody").await.0, None);
}

async fn views_of(app: &App, key: &str) -> (Option<u64>, Vec<(String, u64)>) {
    let views = app.views::<Sum>().unwrap();
    (views.get(key).await.unwrap(), views.all().await.unwrap())
}

/// The store was replaced by an older one: new views would never show as much, and nobody waits for that.
#[tokio::test(start_paused = true)]
async fn what_the_store_does_not_hold_any_more_ends_it() {
    let views = MemoryRepository::new();
    let (newer, older) = (Store::default(), Store::default());
    newer.chain("longer", &[1, 1, 1]).await;
    newer.chain("gone", &[1]).await;
    newer.chain("same", &[1]).await;
    for id in ["longer", "same"] {
        let first = newer.inner.read(&stream(id), 1, 1).await.unwrap().commits.remove(0);
        older.inner.append(first).await.unwrap();
    }
    let over = async |store: Store| {
        let app = App::builder(store).change_feed(Feed::assigned(&["p"]));
        app.projection(Seen::default(), views.clone()).start().await.unwrap()
    };
    let before = over(newer).await;
    before.caught_up(Duration::from_secs(60)).await.unwrap();
    before.shutdown().await;
    let after = over(older).await;
    let rebuild = tokio::time::timeout(Duration::from_secs(600), after.rebuild::<Seen>(|_| ()));
    let error = rebuild.await.expect("it ends").unwrap_err();
    assert!(matches!(error, RebuildError::Diverged { aggregates: 2, .. }), "{error}");
    assert_eq!(seen(&after, "longer").await, [1, 2, 3], "the old views serve as before");
}
