//! Projections that run statements of their own, on SQLite.

use es_core::{
    app::App,
    event::Metadata,
    projection::{Projection, Subscribed, style},
    query::ReadToken,
    store::{BoxError, EventStore, MemoryEventStore, StreamId, Version},
    testing::conformance::Note,
};
use es_sql::{
    SqlProjection, SqlRepository,
    sqlx::{self, Connection, Row, Sqlite, SqliteConnection, sqlite::SqliteConnectOptions},
};

use crate::listeners::{PATIENCE, one, write};

/// Adds up in one row by reading it and then writing it; the note `wrong` violates a constraint.
struct Journal;

impl Projection for Journal {
    type Style = style::Sql;
    const NAME: &'static str = "journal";
    const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "conformance.note", version: 1 }];
}

impl SqlProjection<Sqlite> for Journal {
    type Event = Note;

    async fn prepare(tables: &mut SqliteConnection) -> Result<(), sqlx::Error> {
        let make = "CREATE TABLE IF NOT EXISTS journal (author TEXT, sequence INTEGER, PRIMARY KEY (author, sequence));
            CREATE TABLE IF NOT EXISTS total (amount INTEGER NOT NULL);
            INSERT INTO total SELECT 0 WHERE NOT EXISTS (SELECT * FROM total)";
        sqlx::raw_sql(make).execute(tables).await.map(drop)
    }

    async fn handle(
        &self,
        tx: &mut SqliteConnection,
        note: &Note,
        metadata: &Metadata,
    ) -> Result<(), BoxError> {
        let insert = sqlx::query("INSERT INTO journal VALUES (?, ?)").bind(metadata.aggregate_id.to_string());
        insert.bind(metadata.sequence as i64).execute(&mut *tx).await?;
        let amount: i64 = sqlx::query("SELECT amount FROM total").fetch_one(&mut *tx).await?.try_get(0)?;
        let amount = (note.key != "wrong").then_some(amount + note.amount);
        sqlx::query("UPDATE total SET amount = ?").bind(amount).execute(tx).await?;
        Ok(())
    }
}

/// Two listeners that believe to be alone, and a failing event beside them: each event is handled once, and what the
/// failing one has written before it failed is not there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_event_is_handled_once_and_wholly() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("views.db");
    let store = MemoryEventStore::new();
    let mut apps = Vec::new();
    for _ in 0..2 {
        let repository = SqlRepository::open(&path).await.unwrap();
        apps.push(App::builder(store.clone()).projection(Journal, repository).start().await.unwrap());
    }
    let stream = StreamId::new("conformance", "wrong");
    store.append(one(&Version::EMPTY, &stream, "wrong")).await.unwrap();
    write(&store, "s", "").await;
    for app in &apps {
        app.caught_up(PATIENCE).await.unwrap();
    }
    let parked = apps[0].parked::<Journal>(9).await.unwrap();
    assert_eq!(parked.len(), 1);
    let parked = parked[0].checkpoint.parked.as_ref().unwrap();
    assert!(parked.error.contains("NOT NULL"), "{}", parked.error);
    let options = SqliteConnectOptions::new().filename(&path);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let sql = "SELECT (SELECT count(*) FROM journal), (SELECT amount FROM total)";
    let row = sqlx::query(sql).fetch_one(&mut connection).await.unwrap();
    assert_eq!((row.get::<i64, _>(0), row.get::<i64, _>(1)), (480, 480));
}

/// Written without `async fn`, and panics before there is a future.
struct Eager;

impl Projection for Eager {
    type Style = style::Sql;
    const NAME: &'static str = "eager";
    const SUBSCRIPTIONS: &'static [Subscribed] = Journal::SUBSCRIPTIONS;
}

impl SqlProjection<Sqlite> for Eager {
    type Event = Note;

    fn handle(
        &self,
        _: &mut SqliteConnection,
        note: &Note,
        _: &Metadata,
    ) -> impl Future<Output = Result<(), BoxError>> + Send {
        assert_ne!(note.key, "wrong", "a note that it does not take");
        std::future::ready(Ok(()))
    }
}

#[tokio::test]
async fn a_handler_that_panics_before_its_future_sets_its_aggregate_aside() {
    let folder = tempfile::tempdir().unwrap();
    let repository = SqlRepository::open(folder.path().join("views.db")).await.unwrap();
    let store = MemoryEventStore::new();
    let app = App::builder(store.clone()).projection(Eager, repository).start().await.unwrap();
    for key in ["wrong", "fine"] {
        store.append(one(&Version::EMPTY, &StreamId::new("conformance", key), key)).await.unwrap();
    }
    app.caught_up(PATIENCE).await.unwrap();
    let parked = app.parked::<Eager>(9).await.unwrap();
    assert_eq!(parked.len(), 1);
    let error = &parked[0].checkpoint.parked.as_ref().unwrap().error;
    assert!(error.contains("panicked") && error.contains("a note that it does not take"), "{error}");
    app.reached::<Eager>(ReadToken::new("conformance", "fine", 1)).await.unwrap();
}
