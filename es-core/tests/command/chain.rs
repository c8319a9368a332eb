use super::*;
use es_core::{
    handler::LoadError,
    store::{Commit, Page, StreamForked},
};
use std::sync::Arc;

/// Every commit of the pages from sequence `from` on becomes what `change` makes of it.
fn forge(store: &FaultyStore, from: u64, change: impl Fn(&mut Commit) + Send + Sync + 'static) {
    store.tamper_pages(move |mut page: Page| {
        for commit in page.commits.iter_mut().filter(|c| c.sequence >= from) {
            change(Arc::make_mut(commit));
        }
        page
    });
}

fn forked(error: ExecuteError<Refused>) -> StreamForked {
    match &error {
        ExecuteError::Load(load) => match &**load {
            LoadError::Forked(forked) => forked.clone(),
            other => panic!("{other:?}"),
        },
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_fork_is_noticed_on_load() {
    let store = FaultyStore::new();
    let app1 = app(&store).await;
    for n in 1..=4 {
        ask(&app1, add(n)).await.unwrap();
    }
    forge(&store, 3, |commit| commit.parent = Some(uuid(1)));
    let app = app(&store).await;
    let error = forked(ask(&app, add(5)).await.unwrap_err());
    assert_eq!((error.stream, error.sequence), (stream(), 3));
    assert!(matches!(app.load::<Ledger>(&id()).await, Err(LoadError::Forked(_))));

    for moved in [1, 3] {
        forge(&store, 2, move |commit| commit.sequence = moved);
        forked(ask(&app, add(5)).await.unwrap_err());
    }
    forge(&store, 1, |commit| commit.parent = Some(uuid(1)));
    assert_eq!(forked(ask(&app, add(5)).await.unwrap_err()).sequence, 1);
    assert_eq!(store.commits("a").await.len(), 4, "nothing was written to it");
}

#[tokio::test(start_paused = true)]
async fn a_fork_is_noticed_in_the_tail() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    for n in 1..=2 {
        ask(&ours, add(n)).await.unwrap();
    }
    ask(&theirs, add(3)).await.unwrap();
    forge(&store, 3, |commit| commit.parent = Some(uuid(1)));
    assert_eq!(forked(ask(&ours, add(4)).await.unwrap_err()).sequence, 3);
}

#[tokio::test(start_paused = true)]
async fn another_commit_where_the_known_one_was_is_a_fork() {
    for write in [true, false] {
        let store = FaultyStore::new();
        let (ours, theirs) = (app(&store).await, app(&store.another()).await);
        for n in 1..=2 {
            ask(&ours, add(n)).await.unwrap();
        }
        ask(&theirs, add(3)).await.unwrap();
        forge(&store, 2, |commit| commit.id = uuid(commit.sequence.into()));
        let command = if write { add(4) } else { look() };
        let error = forked(ask(&ours, command).await.unwrap_err());
        assert_eq!(error.sequence, 2);
        assert!(error.reason.contains("is stored now"), "{}", error.reason);
        store.tamper_pages(|page| Page { commits: Vec::new(), ..page });
    }
}

#[tokio::test(start_paused = true)]
async fn a_stream_that_became_shorter_is_a_fork() {
    let store = FaultyStore::new();
    let (ours, theirs) = (app(&store).await, app(&store.another()).await);
    for n in 1..=2 {
        ask(&ours, add(n)).await.unwrap();
    }
    ask(&theirs, add(3)).await.unwrap();
    store.tamper_pages(|_| Page::default());
    let error = forked(ask(&ours, add(4)).await.unwrap_err());
    assert!(error.reason.contains("nothing is stored now"), "{}", error.reason);
}

#[tokio::test]
async fn an_event_that_cannot_be_decoded_is_named() {
    let store = FaultyStore::new();
    let first = app(&store).await;
    ask(&first, emit(vec![Fact::Added(1), Fact::Added(2)])).await.unwrap();
    ask(&first, emit(vec![Fact::Added(3), Fact::Rotten, Fact::Added(5)])).await.unwrap();
    assert_eq!(ask(&first, add(6)).await.unwrap().version, 6, "it has no need to read it");
    let restarted = app(&store).await;
    match ask(&restarted, add(7)).await.unwrap_err() {
        ExecuteError::Load(load) => {
            assert!(
                matches!(&*load, LoadError::Decode { stream: s, sequence: 4, .. } if *s == stream()),
                "{load:?}"
            );
            let text = load.to_string();
            assert!(text.contains("event 4 of ledger/a") && text.contains("an upcaster's mistake"), "{text}");
        }
        other => panic!("{other:?}"),
    }
    assert!(matches!(restarted.load::<Ledger>(&id()).await, Err(LoadError::Decode { sequence: 4, .. })));
    assert!(restarted.history::<Ledger>(&id(), 1, 9).await.is_err());
    assert_eq!(restarted.history::<Ledger>(&id(), 1, 1).await.unwrap().events.len(), 2);
    restarted.execute(&"b".to_owned(), add(1)).await.unwrap();
}

#[tokio::test]
async fn a_broken_frame_is_named() {
    let store = FaultyStore::new();
    let first = app(&store).await;
    ask(&first, add(1)).await.unwrap();
    ask(&first, add(2)).await.unwrap();
    forge(&store, 2, |commit| commit.events = b"\x01\x05rubbish".as_slice().into());
    let restarted = app(&store).await;
    let error = ask(&restarted, add(3)).await.unwrap_err();
    assert!(error.to_string().contains("event 2 of ledger/a cannot be read"), "{error}");
    forge(&store, 2, |commit| commit.metadata = b"\x07".as_slice().into());
    let error = ask(&restarted, add(3)).await.unwrap_err();
    assert!(error.to_string().contains("framing version 7"), "{error}");
}
