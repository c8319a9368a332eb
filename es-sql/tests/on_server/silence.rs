//! A network that falls silent, without a word to those who wait for an answer.

use std::{sync::Arc, time::Duration};

use es_core::{
    event::Metadata,
    projection::{Projection, Subscribed, style},
    repository::{ApplyError, Batch, Checkpoint, Move, Repository, RepositoryError},
    store::{BoxError, Commit, StreamId, Version},
    testing::conformance::{Counts, Note, Totals},
};
use es_sql::{
    PostgresRepository, SqlProjection,
    sqlx::{self, PgConnection, PgPool, Postgres, Row},
};
use tokio::{task::JoinHandle, time::timeout};

use super::{Database, database::administrator, relay::Relay};
use crate::listeners::one;

const LIMIT: Duration = Duration::from_secs(3);
/// More than the limit by far, less than anything that ends by itself.
const SOON: Duration = Duration::from_secs(12);

struct Silence {
    database: Database,
    relay: Relay,
    pool: PgPool,
    repository: PostgresRepository,
}

impl Silence {
    /// With a pool of two, both of which have been used.
    async fn new() -> Self {
        let database = Database::new().await;
        let relay = Relay::to(&database).await;
        let pool = relay.pool(&database, 2);
        let repository = PostgresRepository::new(&pool).request_timeout(LIMIT);
        Repository::<Totals>::prepare(&repository).await.unwrap();
        Repository::<Counts>::prepare(&repository).await.unwrap();
        let both = tokio::join!(pool.acquire(), pool.acquire());
        drop((both.0.unwrap(), both.1.unwrap()));
        while pool.num_idle() < 2 {
            tokio::task::yield_now().await;
        }
        Self { database, relay, pool, repository }
    }

    /// Somebody else holds the row `all`, and an apply waits for it, and then the network falls silent.
    async fn in_the_middle(&self) -> (PgConnection, JoinHandle<Result<(), ApplyError>>) {
        self.repository.apply(&Totals, &batch("first", "all")).await.unwrap();
        let mut holder = self.database.connection().await;
        let hold = "BEGIN; SELECT FROM es_views WHERE key = 'all' FOR UPDATE";
        sqlx::raw_sql(hold).execute(&mut holder).await.unwrap();
        let repository = self.repository.clone();
        let apply = tokio::spawn(async move { repository.apply(&Totals, &batch("second", "all")).await });
        self.waits_for("wait_event_type = 'Lock'").await;
        self.relay.fall_silent();
        (holder, apply)
    }

    async fn waits_for(&self, what: &'static str) {
        let mut server = administrator().await;
        let sql = format!("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1 AND {what}");
        let look = async {
            loop {
                let query = sqlx::query(sqlx::AssertSqlSafe(sql.clone())).bind(&self.database.name);
                if query.fetch_one(&mut server).await.unwrap().get::<i64, _>(0) > 0 {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(SOON, look).await.expect("it waits");
    }

    /// The network is back: after so many failures the repository works, and so do both connections.
    async fn works_again(&self, failures: usize) {
        self.relay.come_back();
        let mut failed = Vec::new();
        let apply = async {
            while let Err(error) = self.repository.apply(&Totals, &batch("third", "another")).await {
                failed.push(error.to_string());
            }
        };
        timeout(SOON, apply).await.expect("the repository works again");
        assert!(failed.len() <= failures, "{failed:?}");
        let both = async { tokio::join!(self.pool.acquire(), self.pool.acquire()) };
        let (one, other) = timeout(SOON, both).await.expect("neither of the pool's connections is lost");
        let (mut one, mut other) = (one.unwrap(), other.unwrap());
        sqlx::query("SELECT").execute(&mut *one).await.unwrap();
        sqlx::query("SELECT").execute(&mut *other).await.unwrap();
    }
}

fn batch(id: &str, key: &str) -> Batch {
    let commit: Arc<Commit> = one(&Version::EMPTY, &StreamId::new("conformance", id), key);
    let to = Checkpoint { applied: 1, commit_id: Some(commit.id), parked: None };
    let stream = commit.stream.clone();
    let moves = vec![Move { stream, expected: Checkpoint::default(), to, commits: vec![commit] }];
    Batch { moves, ..Batch::default() }
}

fn assert_unavailable(error: &RepositoryError, what: &str) {
    assert!(matches!(error, RepositoryError::Unavailable(_)), "{error:?}");
    let text = error.to_string();
    assert!(text.contains(what) && text.contains("took longer than 3s"), "{text}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_in_the_middle_is_given_up() {
    let silence = Silence::new().await;
    let (holder, apply) = silence.in_the_middle().await;
    let outcome = timeout(SOON, apply).await.expect("apply comes back").unwrap();
    let Err(ApplyError::Repository(error)) = outcome else { panic!("{outcome:?}") };
    assert_unavailable(&error, "locking and reading rows");
    drop(holder);
    silence.works_again(0).await;
}

/// Whoever drops it waits for nothing; the pool has its connections back.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_batch_that_is_dropped_in_the_middle_takes_no_connection_with_it() {
    let silence = Silence::new().await;
    let (holder, apply) = silence.in_the_middle().await;
    apply.abort();
    assert!(apply.await.unwrap_err().is_cancelled());
    drop(holder);
    // The other one, which lay idle, has not been asked anything yet.
    silence.works_again(1).await;
}

/// Each of them asks a connection that lay idle when the network fell silent.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn whatever_begins_in_silence_is_given_up() {
    let silence = Silence::new().await;
    silence.relay.fall_silent();
    let repository = &silence.repository;
    let read = Repository::<Totals>::get(repository, "all");
    let batch = batch("second", "all");
    let apply = repository.apply(&Totals, &batch);
    let generations = Repository::<Totals>::generations(repository);
    let outcomes = async { tokio::join!(read, apply, generations) };
    let (read, apply, generations) = timeout(SOON, outcomes).await.expect("all come back");
    assert_unavailable(&read.unwrap_err(), "waiting for a connection");
    let Err(ApplyError::Repository(error)) = apply else { panic!("{apply:?}") };
    assert_unavailable(&error, "waiting for a connection");
    assert_unavailable(&generations.unwrap_err(), "waiting for a connection");
    silence.works_again(0).await;
}

/// Writes a table that the test locks.
struct Waits;

impl Projection for Waits {
    type Style = style::Sql;
    const NAME: &'static str = "waits";
    const SUBSCRIPTIONS: &'static [Subscribed] = Totals::SUBSCRIPTIONS;
}

impl SqlProjection<Postgres> for Waits {
    type Event = Note;

    async fn prepare(tables: &mut PgConnection) -> Result<(), sqlx::Error> {
        sqlx::query("CREATE TABLE IF NOT EXISTS waits (n bigint)").execute(tables).await.map(drop)
    }

    async fn handle(&self, tx: &mut PgConnection, _: &Note, _: &Metadata) -> Result<(), BoxError> {
        sqlx::query("INSERT INTO waits VALUES (1)").execute(tx).await?;
        Ok(())
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_in_the_middle_is_given_up_and_its_event_not_blamed() {
    let silence = Silence::new().await;
    Repository::<Waits, _>::prepare(&silence.repository).await.unwrap();
    let mut holder = silence.database.connection().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE waits").execute(&mut holder).await.unwrap();
    let repository = silence.repository.clone();
    let apply = tokio::spawn(async move { repository.apply(&Waits, &batch("a", "")).await });
    silence.waits_for("wait_event_type = 'Lock'").await;
    silence.relay.fall_silent();
    let outcome = timeout(SOON, apply).await.expect("apply comes back").unwrap();
    let Err(ApplyError::Repository(error)) = outcome else { panic!("{outcome:?}") };
    assert_unavailable(&error, "the handler of event 1 of conformance/a");
    drop(holder);
    silence.works_again(0).await;
}

#[tokio::test]
async fn nobody_waits_for_a_server_that_says_nothing() {
    let database = Database::new().await;
    let relay = Relay::to(&database).await;
    relay.fall_silent();
    let repository = PostgresRepository::new(&relay.pool(&database, 2)).request_timeout(LIMIT);
    let prepared = timeout(SOON, Repository::<Totals>::prepare(&repository)).await.expect("it comes back");
    assert_unavailable(&prepared.unwrap_err(), "waiting for a connection");
    relay.come_back();
    Repository::<Totals>::prepare(&repository).await.unwrap();
}
