//! Connections that end or are left in the middle of a transaction.

use std::time::Duration;

use es_core::{
    app::App,
    listener::ListenerState,
    repository::{Batch, Checkpoint, Move, Repository},
    store::{MemoryEventStore, StreamId, Version},
    testing::conformance::{Counts, RepositoryFixture, Tally, Totals},
};
use es_sql::{
    PostgresRepository,
    sqlx::{self, Row},
};

use super::{Database, database::administrator};
use crate::listeners::{PATIENCE, one, write};

/// Connections are cut at any moment, also between the statements of a transaction, and every commit is in the view
/// once all the same.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn connections_cut_in_the_middle_lose_and_double_nothing() {
    let database = Database::new().await;
    let store = MemoryEventStore::new();
    let app = App::builder(store.clone()).projection(Totals, database.open().await);
    let app = app.projection(Counts, database.open().await).start().await.unwrap();
    let writer = tokio::spawn(async move { write(&store, "s", "all").await });
    let mut server = administrator().await;
    // Only those in the middle of something.
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1 AND state <> 'idle'";
    let mut ended = 0;
    while ended < 30 {
        // Those who were cut come back after a pause; without more to apply, nobody would be in the middle.
        if writer.is_finished() && ended > 0 {
            break;
        }
        ended += sqlx::query(cut).bind(&database.name).fetch_all(&mut server).await.unwrap().len();
        tokio::time::sleep(Duration::from_millis(3)).await;
    }
    writer.await.unwrap();
    assert!(ended > 0, "nothing was cut");
    app.caught_up(PATIENCE).await.unwrap();
    let row = app.views::<Totals>().unwrap().get("all").await.unwrap();
    assert_eq!(row, Some(Tally { count: 480, sum: 480 }), "{ended} connections were cut");
    for n in 0..12 {
        let row = app.views::<Counts>().unwrap().get(&format!("s{n}")).await.unwrap();
        assert_eq!(row, Some(Tally { count: 40, sum: 40 }), "stream {n}");
    }
    assert!(app.projections().iter().all(|p| !matches!(p.state, ListenerState::Stopped(_))));
}

/// Whoever drops `apply` leaves no transaction open in the pool, whenever that is.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_dropped_apply_leaves_no_transaction_open() {
    let database = Database::new().await;
    let pool = database.pool(1);
    let repository = PostgresRepository::new(&pool);
    Repository::<Counts>::prepare(&repository).await.unwrap();
    for round in 0..200u64 {
        let commit = one(&Version::EMPTY, &StreamId::new("conformance", format!("s{round}")), "");
        let to = Checkpoint { applied: 1, commit_id: Some(commit.id), parked: None };
        let stream = commit.stream.clone();
        let moves = vec![Move { stream, expected: Checkpoint::default(), to, commits: vec![commit] }];
        let batch = Batch { moves, ..Batch::default() };
        let mut apply = Box::pin(repository.apply(&Counts, &batch));
        // Polled a number of times, whatever the clock says: each statement takes a few of them.
        for _ in 0..round % 20 {
            let polled = std::future::poll_fn(|cx| std::task::Poll::Ready(apply.as_mut().poll(cx))).await;
            if polled.is_ready() {
                break;
            }
            tokio::time::sleep(Duration::from_micros(200)).await;
        }
        drop(apply);
        // In a transaction, `now()` is when it began.
        let alone = sqlx::raw_sql("SELECT now() = statement_timestamp()").fetch_one(&pool).await.unwrap();
        assert!(alone.get::<bool, _>(0), "a transaction is open after round {round}");
    }
}
