//! What is given up does not go on at the server: waits for rows that somebody else has locked, and slow statements.

use std::time::Duration;

use es_core::{
    event::Metadata,
    projection::{Projection, Subscribed, style},
    repository::{ApplyError, Batch, Checkpoint, Move, Repository, RepositoryError},
    store::{BoxError, StreamId, Version},
    testing::conformance::{Note, Totals},
};
use es_sql::{
    PostgresRepository, SqlProjection,
    sqlx::{self, PgConnection, PgPool, Postgres, Row, postgres::PgPoolOptions},
};

use super::{Database, database::administrator};
use crate::listeners::one;

fn batch(id: &str) -> Batch {
    let commit = one(&Version::EMPTY, &StreamId::new("conformance", id), "all");
    let to = Checkpoint { applied: 1, commit_id: Some(commit.id), parked: None };
    let stream = commit.stream.clone();
    let moves = vec![Move { stream, expected: Checkpoint::default(), to, commits: vec![commit] }];
    Batch { moves, ..Batch::default() }
}

/// The row `all`, locked by somebody else.
async fn hold(database: &Database, repository: &PostgresRepository) -> PgConnection {
    repository.apply(&Totals, &batch("first")).await.unwrap();
    let mut holder = database.connection().await;
    let hold = "BEGIN; SELECT FROM es_views WHERE key = 'all' FOR UPDATE";
    sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
    holder
}

async fn assert_gives_up(repository: &PostgresRepository) {
    let batch = batch("second");
    let apply = repository.apply(&Totals, &batch);
    let outcome = tokio::time::timeout(Duration::from_secs(20), apply).await.expect("it gives up");
    match outcome {
        Err(ApplyError::Repository(error @ RepositoryError::Unavailable(_))) => {
            assert!(error.to_string().contains("lock timeout"), "{error}");
        }
        other => panic!("{other:?}"),
    }
}

/// Nothing of an attempt is left at the server, where it would wait on, with the next one behind it.
#[tokio::test]
async fn who_gives_up_a_lock_does_not_go_on_waiting_at_the_server() {
    let database = Database::new().await;
    let pool = database.pool(5);
    let repository = PostgresRepository::new(&pool).request_timeout(Duration::from_secs(2));
    let holder = hold(&database, &repository).await;
    for _ in 0..3 {
        assert_gives_up(&repository).await;
    }
    let waiting =
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND wait_event_type = 'Lock'";
    let waiting = sqlx::query(waiting).bind(&database.name).fetch_one(&mut administrator().await).await;
    assert_eq!(waiting.unwrap().get::<i64, _>(0), 0);
    drop(holder);
    repository.apply(&Totals, &batch("second")).await.unwrap();
}

/// A role that waits for less goes on to do so.
#[tokio::test]
async fn a_lock_is_waited_for_no_longer_than_the_role_allows() {
    let database = Database::new().await;
    let options = database.options.clone().options([("lock_timeout", "100ms")]);
    let pool: PgPool = PgPoolOptions::new().connect_lazy_with(options);
    let repository = PostgresRepository::new(&pool);
    let _holder = hold(&database, &repository).await;
    assert_gives_up(&repository).await;
}

/// Sleeps for longer than anybody waits.
struct Sleeps;

impl Projection for Sleeps {
    type Style = style::Sql;
    const NAME: &'static str = "sleeps";
    const SUBSCRIPTIONS: &'static [Subscribed] = Totals::SUBSCRIPTIONS;
}

impl SqlProjection<Postgres> for Sleeps {
    type Event = Note;

    async fn handle(&self, tx: &mut PgConnection, _: &Note, _: &Metadata) -> Result<(), BoxError> {
        sqlx::query("SELECT pg_sleep(300)").execute(tx).await?;
        Ok(())
    }
}

#[tokio::test]
async fn a_slow_statement_that_was_given_up_ends_at_the_server() {
    let database = Database::new().await;
    let repository = PostgresRepository::new(&database.pool(5)).request_timeout(Duration::from_secs(2));
    let outcome = repository.apply(&Sleeps, &batch("a")).await;
    match outcome {
        Err(ApplyError::Repository(error @ RepositoryError::Unavailable(_))) => {
            assert!(error.to_string().contains("took longer than 2s"), "{error}");
        }
        other => panic!("{other:?}"),
    }
    let mut server = administrator().await;
    let ended = async {
        loop {
            let at_work =
                "SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND state = 'active'";
            let at_work = sqlx::query(at_work).bind(&database.name).fetch_one(&mut server).await.unwrap();
            if at_work.get::<i64, _>(0) == 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(20), ended).await.expect("it ends at the server");
}
