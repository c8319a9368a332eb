//! Looking at a database of views from outside.

use std::time::{Duration, Instant};

use es_core::{
    repository::{Batch, Checkpoint, Move, Repository},
    store::StreamId,
    testing::conformance::Counts,
};
use es_sql::{SqlRepository, inspect::Inspector};

/// A service that starts, applies and ends again and again never lets an answer fail, or step back: what is read of a file
/// that somebody opens meanwhile is read again.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_a_service_comes_and_goes() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("views.db");
    let service = {
        let file = file.clone();
        SqlRepository::open(&file).await.unwrap();
        tokio::spawn(async move {
            let begin = Instant::now();
            let mut aggregates = 0;
            while begin.elapsed() < Duration::from_secs(2) {
                let repository = SqlRepository::open(&file).await.unwrap();
                for _ in 0..20 {
                    let stream = StreamId::new("conformance", format!("a{aggregates}"));
                    let to = Checkpoint { applied: 1, ..Checkpoint::default() };
                    let expected = Checkpoint::default();
                    let moves = vec![Move { stream, expected, to, commits: Vec::new() }];
                    let batch = Batch { moves, ..Batch::default() };
                    Repository::<Counts>::apply(&repository, &Counts, &batch).await.unwrap();
                    aggregates += 1;
                }
                drop(repository);
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
            aggregates
        })
    };
    let (inspector, mut last, mut answers) = (Inspector::sqlite(&file), 0, 0);
    while !service.is_finished() {
        let found = inspector.projections().await.unwrap();
        let aggregates = found.first().map_or(0, |projection| projection.serving.aggregates);
        assert!(aggregates >= last, "{last} were seen before {aggregates}");
        last = aggregates;
        answers += 1;
    }
    let written = service.await.unwrap();
    let found = inspector.projections().await.unwrap();
    assert_eq!(found[0].serving.aggregates, written);
    assert!(answers > 0 && written > 0, "{answers} answers while {written} were written");
}
