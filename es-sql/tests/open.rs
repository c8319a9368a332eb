//! Opening files: what is made, what is refused, and with which words.

use es_core::{
    repository::{Repository, RepositoryError},
    testing::conformance::Counts,
};
use es_sql::{
    OpenError, SqlRepository, SqliteEventStore,
    sqlx::{self, Connection, SqliteConnection, SqlitePool, sqlite::SqliteConnectOptions},
};
use tempfile::tempdir;

#[tokio::test]
async fn a_newer_schema_is_refused_by_name() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("newer.db");
    for (what, known) in [("store", 1), ("views", 1)] {
        drop(SqliteEventStore::open(&path).await.unwrap().repository().await.unwrap());
        let mut connection =
            SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&path)).await.unwrap();
        let update = sqlx::query("UPDATE es_settings SET value = '2' WHERE name = ?").bind(what);
        assert_eq!(update.execute(&mut connection).await.unwrap().rows_affected(), 1);
        let error = match what {
            "store" => SqliteEventStore::open(&path).await.unwrap_err(),
            _ => SqlRepository::open(&path).await.unwrap_err(),
        };
        assert!(error.to_string().contains("deploy the newer code"), "{error}");
        match error {
            OpenError::NewerSchema { path: named, what: said, found, known: newest } => {
                assert_eq!((named, said, &*found, newest), (path.clone(), what, "2", known));
            }
            other => panic!("a newer schema, not {other}"),
        }
        sqlx::query("UPDATE es_settings SET value = '1'").execute(&mut connection).await.unwrap();
    }
}

#[tokio::test]
async fn what_is_no_database_is_refused() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("text.db");
    std::fs::write(
        &path,
        "no database, but a text that is long enough to have a header of its own, you see".repeat(9),
    )
    .unwrap();
    let error = SqliteEventStore::open(&path).await.unwrap_err();
    assert!(matches!(error, OpenError::Database { .. }), "{error}");
    let error = SqliteEventStore::open(folder.path().join("no/such/folder.db")).await.unwrap_err();
    assert!(error.to_string().contains("no/such/folder.db"), "{error}");
}

#[tokio::test]
async fn memory_is_refused() {
    for path in [":memory:", ""] {
        let error = SqliteEventStore::open(path).await.unwrap_err();
        assert!(matches!(error, OpenError::InMemory), "{error}");
    }
    for url in [":memory:", "sqlite::memory:", "sqlite://?mode=memory"] {
        let repository = SqlRepository::sqlite(&SqlitePool::connect(url).await.unwrap());
        let error = Repository::<Counts>::prepare(&repository).await.unwrap_err();
        let RepositoryError::Unavailable(source) = &error else { panic!("{error}") };
        assert!(matches!(source.downcast_ref(), Some(OpenError::InMemory)), "{error}");
    }
}

/// The write-ahead log and one set of tables, however many open the new file at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_open_a_new_file_at_once() {
    let folder = tempdir().unwrap();
    for round in 0..10 {
        let path = folder.path().join(format!("new-{round}.db"));
        let opens = (0..8).map(|n| {
            let path = path.clone();
            tokio::spawn(async move {
                if n % 2 == 0 {
                    SqliteEventStore::open(path).await.map(drop)
                } else {
                    SqlRepository::open(path).await.map(drop)
                }
            })
        });
        for open in opens.collect::<Vec<_>>() {
            open.await.unwrap().unwrap();
        }
    }
}

/// The same store whatever the process's folder is later, and odd names are names, not URIs.
#[tokio::test]
async fn odd_file_names_are_files() {
    let folder = tempdir().unwrap();
    for name in ["file:a?mode=memory", "with space #1.db", "über%20.db"] {
        let store = SqliteEventStore::open(folder.path().join(name)).await.unwrap();
        assert!(store.path().is_absolute());
        assert!(folder.path().join(name).is_file(), "{name}");
    }
}
