//! Projections that run statements of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use es_core::{
    app::App,
    event::Metadata,
    listener::{ListenerState, Part},
    projection::{FailurePolicy, OnFailure, Projection, Subscribed, style},
    query::ReadToken,
    repository::ParkedAggregate,
    store::{BoxError, EventStore, MemoryEventStore, StreamId, Version},
    testing::conformance::{Note, RepositoryFixture},
};
use es_sql::{
    PostgresRepository, SqlProjection,
    sqlx::{self, PgConnection, Postgres, Row},
};

use super::Database;
use crate::listeners::{PATIENCE, one, write};

/// How many times the handler of the note `cut` still ends its own connection.
static CUTS: AtomicU32 = AtomicU32::new(3);

/// Adds up in one row that all aggregates share, by reading it and then writing it, and keeps a line for each event.
struct Journal;

impl Projection for Journal {
    type Style = style::Sql;
    const NAME: &'static str = "journal";
    const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "conformance.note", version: 1 }];
    // Whatever is taken for a failure of an event shows.
    const FAILURE: FailurePolicy = FailurePolicy { retries: 0, then: OnFailure::Park };
}

impl SqlProjection<Postgres> for Journal {
    type Event = Note;

    async fn prepare(tables: &mut PgConnection) -> Result<(), sqlx::Error> {
        let make = "CREATE TABLE IF NOT EXISTS journal (author text, sequence bigint, PRIMARY KEY (author, sequence));
            CREATE TABLE IF NOT EXISTS total (amount bigint NOT NULL);
            INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT FROM total)";
        sqlx::raw_sql(make).execute(tables).await.map(drop)
    }

    async fn handle(&self, tx: &mut PgConnection, note: &Note, metadata: &Metadata) -> Result<(), BoxError> {
        Ok(Self::write(tx, note, metadata).await?)
    }
}

/// As an application has it; the driver's error is not in the chain of its sources.
#[derive(Debug, thiserror::Error)]
enum Failure {
    #[error(transparent)]
    Database(#[from] sqlx::Error),
    /// Of which nobody could tell what it comes of.
    #[error("{0}")]
    Text(String),
}

impl Journal {
    async fn write(tx: &mut PgConnection, note: &Note, metadata: &Metadata) -> Result<(), Failure> {
        let wrong = || sqlx::query("INSERT INTO total VALUES (NULL)");
        match note.key.as_str() {
            "wrong" => {
                wrong().execute(&mut *tx).await?;
            }
            "hushed" => {
                let _ = wrong().execute(&mut *tx).await;
                return Ok(());
            }
            "cut" if CUTS.load(Ordering::SeqCst) > 0 => {
                CUTS.fetch_sub(1, Ordering::SeqCst);
                let cut =
                    sqlx::query("SELECT pg_terminate_backend(pg_backend_pid())").execute(&mut *tx).await;
                cut.map_err(|error| Failure::Text(error.to_string()))?;
            }
            "panics" => panic!("no such note"),
            "slow" => {
                sqlx::query("SET LOCAL statement_timeout = 50").execute(&mut *tx).await?;
                sqlx::query("SELECT pg_sleep(20)").execute(&mut *tx).await?;
            }
            "locked" => {
                sqlx::query("SET LOCAL lock_timeout = 50").execute(&mut *tx).await?;
                sqlx::query("LOCK TABLE total IN ACCESS EXCLUSIVE MODE").execute(&mut *tx).await?;
            }
            _ => {}
        }
        let insert = sqlx::query("INSERT INTO journal VALUES ($1, $2)").bind(&*metadata.aggregate_id);
        insert.bind(metadata.sequence as i64).execute(&mut *tx).await?;
        let amount: i64 = sqlx::query("SELECT amount FROM total").fetch_one(&mut *tx).await?.try_get(0)?;
        let write = sqlx::query("UPDATE total SET amount = $1").bind(amount + note.amount);
        write.execute(tx).await?;
        Ok(())
    }
}

/// How many lines the journal has, of how many different events, and the total.
async fn found(database: &Database) -> (i64, i64) {
    let sql = "SELECT (SELECT count(*) FROM journal), (SELECT amount FROM total)";
    let row = sqlx::query(sql).fetch_one(&mut database.connection().await).await.unwrap();
    (row.get(0), row.get(1))
}

async fn start(store: &MemoryEventStore, repository: PostgresRepository) -> App {
    App::builder(store.clone()).projection(Journal, repository).start().await.unwrap()
}

/// Two processes with aggregates of their own, and one that believes it still has the first one's: each event is
/// handled once, and no sum is lost between a handler's reading and its writing.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_handled_once_on_what_nobody_changes() {
    let database = Database::new().await;
    let stores = [MemoryEventStore::new(), MemoryEventStore::new()];
    let mut apps = Vec::new();
    for store in [&stores[0], &stores[0], &stores[1]] {
        apps.push(start(store, database.open().await).await);
    }
    let writers = ["a", "b"].into_iter().zip(stores);
    let writers = writers.map(|(prefix, store)| tokio::spawn(async move { write(&store, prefix, "").await }));
    for writer in writers.collect::<Vec<_>>() {
        writer.await.unwrap();
    }
    for app in &apps {
        app.caught_up(PATIENCE).await.unwrap();
        assert_eq!(app.parked::<Journal>(9).await.unwrap(), []);
    }
    assert_eq!(found(&database).await, (960, 960));
}

/// The event that fails is set aside with what the database or the handler said, without a trace of it in the tables;
/// the others go on.
#[tokio::test]
async fn a_failing_event_sets_its_aggregate_aside() {
    let database = Database::new().await;
    let store = MemoryEventStore::new();
    let app = start(&store, database.open().await).await;
    for (id, key) in [("a", "wrong"), ("b", "hushed"), ("c", "panics"), ("s", "slow"), ("d", "fine")] {
        let stream = StreamId::new("conformance", id);
        let good = one(&Version::EMPTY, &stream, "");
        store.append(good.clone()).await.unwrap();
        let next = one(&good.version(), &stream, key);
        store.append(next).await.unwrap();
    }
    app.caught_up(PATIENCE).await.unwrap();
    app.reached::<Journal>(ReadToken::new("conformance", "d", 2)).await.unwrap();
    let parked = app.parked::<Journal>(9).await.unwrap();
    let shown = |ParkedAggregate { stream, checkpoint, .. }: &ParkedAggregate| {
        let parked = checkpoint.parked.as_ref().unwrap();
        (stream.id.to_string(), checkpoint.applied, parked.sequence, parked.error.clone())
    };
    let parked: Vec<_> = parked.iter().map(shown).collect();
    let due = [
        ("a", "violates not-null"),
        ("b", "did not say so"),
        ("c", "panicked: no such note"),
        // It would be as slow each time.
        ("s", "statement timeout"),
    ];
    assert_eq!(parked.len(), due.len(), "{parked:?}");
    for ((id, applied, sequence, error), (due, what)) in parked.iter().zip(due) {
        assert_eq!((id.as_str(), *applied, *sequence), (due, 1, 2));
        assert!(error.contains(what), "{error}");
    }
    assert_eq!(found(&database).await, (6, 6));
}

/// A connection that ends in the middle of a handler is no fault of the event.
#[tokio::test]
async fn a_cut_connection_sets_nothing_aside() {
    let database = Database::new().await;
    let store = MemoryEventStore::new();
    let app = start(&store, database.open().await).await;
    store.append(one(&Version::EMPTY, &StreamId::new("conformance", "a"), "cut")).await.unwrap();
    app.caught_up(PATIENCE).await.unwrap();
    assert_eq!(CUTS.load(Ordering::SeqCst), 0);
    assert_eq!(app.parked::<Journal>(9).await.unwrap(), []);
    assert_eq!(found(&database).await, (1, 1));
}

/// Nor is a lock that somebody else has for longer than the role may wait.
#[tokio::test]
async fn a_lock_that_is_taken_sets_nothing_aside() {
    let database = Database::new().await;
    let store = MemoryEventStore::new();
    let app = start(&store, database.open().await).await;
    let mut other = database.connection().await;
    sqlx::raw_sql("BEGIN; LOCK TABLE total IN SHARE MODE").execute(&mut other).await.unwrap();
    store.append(one(&Version::EMPTY, &StreamId::new("conformance", "a"), "locked")).await.unwrap();
    let waits = async || {
        let state = app.projections().remove(0).state;
        matches!(state, ListenerState::Waiting { on: Part::Views, .. })
    };
    let waits = async {
        while !waits().await {
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
    };
    tokio::time::timeout(PATIENCE, waits).await.expect("it waits for the lock");
    sqlx::raw_sql("COMMIT").execute(&mut other).await.unwrap();
    app.caught_up(PATIENCE).await.unwrap();
    assert_eq!(app.parked::<Journal>(9).await.unwrap(), []);
    assert_eq!(found(&database).await, (1, 1));
}
