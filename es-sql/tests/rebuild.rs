//! Views are built anew beside the ones that serve, while commits go on and are read.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use es_core::{
    app::App,
    repository::{Generations, Repository},
    store::{EventStore, StreamId, Version},
    testing::conformance::{Counts, Totals},
};
use es_sql::{SqlRepository, SqliteEventStore};

use crate::listeners::{PATIENCE, one};

/// The third one removes the rows that the first one replaced: no process may still read them.
const REBUILDS: u32 = 3;

async fn total(app: &App) -> u64 {
    app.views::<Totals>().unwrap().get("all").await.unwrap().unwrap_or_default().count
}

/// Reads until it is `done`; what was seen once is never missing later.
async fn read(app: App, done: Arc<AtomicBool>) {
    let mut last = 0;
    while !done.load(Ordering::SeqCst) {
        let now = total(&app).await;
        assert!(now >= last, "{last} events were seen before {now}");
        last = now;
        tokio::time::sleep(Duration::from_micros(500)).await;
    }
}

/// Two processes serve the views; one of them rebuilds.
pub(crate) async fn rebuild_while_commits_go_on<R>(store: SqliteEventStore, repositories: [R; 2])
where
    R: Repository<Totals> + Clone,
{
    let streams: Vec<_> = (0..4).map(|n| StreamId::new("conformance", format!("s{n}"))).collect();
    let mut heads = vec![Version::EMPTY; streams.len()];
    let (done, mut written) = (Arc::new(AtomicBool::new(false)), 0);
    let mut append = async |n: usize| {
        let commit = one(&heads[n], &streams[n], "all");
        heads[n] = commit.version();
        store.append(commit).await.unwrap();
        written += 1;
    };
    for n in 0..40 {
        append(n % 4).await;
    }
    let mut apps = Vec::new();
    for repository in &repositories {
        let app = App::builder(store.clone()).projection(Totals, repository.clone());
        apps.push(app.start().await.unwrap());
    }
    apps[0].caught_up(PATIENCE).await.unwrap();
    let readers: Vec<_> = apps.iter().map(|app| tokio::spawn(read(app.clone(), done.clone()))).collect();
    let rebuilds = tokio::spawn({
        let app = apps[0].clone();
        async move {
            for _ in 0..REBUILDS {
                let last = app.rebuild::<Totals>(|_| ()).await.unwrap();
                assert_eq!(last.behind, 0);
            }
        }
    });
    let mut n = 0;
    while !rebuilds.is_finished() {
        append(n % 4).await;
        n += 1;
        tokio::time::sleep(Duration::from_millis(2)).await;
    }
    rebuilds.await.unwrap();
    done.store(true, Ordering::SeqCst);
    for reader in readers {
        reader.await.unwrap();
    }
    for app in &apps {
        app.caught_up(PATIENCE).await.unwrap();
        assert_eq!(total(app).await, written);
    }
    let due = Generations { serving: REBUILDS, filling: None, before: Some(REBUILDS - 1) };
    assert_eq!(repositories[1].generations().await.unwrap(), due);
    for app in apps {
        app.shutdown().await;
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_never_step_back_while_commits_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteEventStore::open(folder.path().join("test.db")).await.unwrap();
    let repositories = [store.repository().await.unwrap(), store.repository().await.unwrap()];
    rebuild_while_commits_go_on(store, repositories).await;
}

/// Without this, the suite's cases about generations would ask nothing.
#[tokio::test]
async fn it_keeps_generations() {
    let folder = tempfile::tempdir().unwrap();
    let repository = SqlRepository::open(folder.path().join("views.db")).await.unwrap();
    assert!(Repository::<Counts>::at_generation(&repository, 0).is_some());
}
