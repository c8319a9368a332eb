use es_core::{
    repository::{Batch, Repository, RepositoryError, TakeOver},
    testing::conformance::{Counts, RepositoryFixture},
};
use es_sql::{SqliteEventStore, sqlx};

use super::{Database, database::run};
use crate::{listeners::PATIENCE, rebuild::rebuild_while_commits_go_on};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_never_step_back_while_commits_go_on() {
    let (database, folder) = (Database::new().await, tempfile::tempdir().unwrap());
    let store = SqliteEventStore::open(folder.path().join("test.db")).await.unwrap();
    rebuild_while_commits_go_on(store, [database.open().await, database.open().await]).await;
}

/// Without this, the suite's cases about generations would ask nothing.
#[tokio::test]
async fn it_keeps_generations() {
    let database = Database::new().await;
    assert!(Repository::<Counts>::at_generation(&database.open().await, 0).is_some());
}

/// A batch that never ends keeps a take-over away, but not for ever, and nobody else behind it.
#[tokio::test]
async fn a_take_over_does_not_wait_for_ever_behind_a_frozen_batch() {
    let database = Database::new().await;
    let repository = database.open().await;
    Repository::<Counts>::prepare(&repository).await.unwrap();
    let generation = Repository::<Counts>::begin_filling(&repository).await.unwrap();
    let mut frozen = database.connection().await;
    run(&mut frozen, "BEGIN; SELECT FROM es_generations FOR SHARE".to_owned()).await;
    let attempt = Repository::<Counts>::take_over(&repository, generation);
    let error = tokio::time::timeout(PATIENCE, attempt).await.unwrap().unwrap_err();
    let RepositoryError::Unavailable(source) = error else { panic!("{error:?}") };
    let code = source.downcast_ref::<sqlx::Error>().and_then(|e| e.as_database_error()?.code());
    assert_eq!(code.as_deref(), Some("55P03"), "lock_not_available: {source}");
    let nothing = Batch::default();
    let applied = repository.apply(&Counts, &nothing);
    tokio::time::timeout(PATIENCE, applied).await.unwrap().unwrap();
    run(&mut frozen, "COMMIT".to_owned()).await;
    let attempt = Repository::<Counts>::take_over(&repository, generation).await.unwrap();
    assert_eq!(attempt, TakeOver::Done);
}
