//! Every suite of es-core, for the store, its feed and the repository.

use es_core::{
    store::EventStore,
    testing::conformance::{ChangeFeedFixture, EventStoreFixture, RepositoryFixture},
};
use es_sql::{
    SqlRepository, SqliteEventStore, SqliteFeed,
    sqlx::{SqlitePool, sqlite::SqliteConnectOptions},
};
use tempfile::TempDir;

/// A folder of its own with one database file.
struct File(TempDir);

impl File {
    fn new() -> Self {
        Self(TempDir::new().unwrap())
    }

    fn path(&self) -> std::path::PathBuf {
        self.0.path().join("test.db")
    }

    async fn store(&self) -> SqliteEventStore {
        SqliteEventStore::open(self.path()).await.unwrap()
    }
}

impl EventStoreFixture for File {
    type Store = SqliteEventStore;
    async fn open(&self) -> SqliteEventStore {
        self.store().await
    }
}

impl ChangeFeedFixture for File {
    type Store = SqliteEventStore;
    type Feed = SqliteFeed;
    async fn open(&self) -> (SqliteEventStore, SqliteFeed) {
        let store = self.store().await;
        let feed = store.feed().unwrap();
        (store, feed)
    }
}

mod store {
    es_core::testing::event_store_conformance!(super::File::new());
}

mod feed {
    es_core::testing::change_feed_conformance!(super::File::new());
}

/// A feed in another process than the writer: it reads the file, where the writer's own remembers.
struct Apart(File);

impl ChangeFeedFixture for Apart {
    type Store = SqliteEventStore;
    type Feed = SqliteFeed;
    async fn open(&self) -> (SqliteEventStore, SqliteFeed) {
        (self.0.store().await, self.0.store().await.feed().unwrap())
    }
}

mod feed_of_another_process {
    es_core::testing::change_feed_conformance!(super::Apart(super::File::new()));
}

/// A repository over a pool of the user's.
struct Pool(File);

impl RepositoryFixture for Pool {
    type Repository = SqlRepository;
    async fn open(&self) -> SqlRepository {
        let options = SqliteConnectOptions::new().filename(self.0.path()).create_if_missing(true);
        SqlRepository::sqlite(&SqlitePool::connect_with(options).await.unwrap())
    }
}

mod repository {
    es_core::testing::repository_conformance!(super::Pool(super::File::new()));
}

/// A repository in the file of a store that is busy all the time.
struct Shared {
    _file: File,
    store: SqliteEventStore,
}

impl Shared {
    async fn new() -> Self {
        let file = File::new();
        let store = file.store().await;
        tokio::spawn(crate::processes::keep_busy(store.clone()));
        Self { _file: file, store }
    }
}

impl RepositoryFixture for Shared {
    type Repository = SqlRepository;
    async fn open(&self) -> SqlRepository {
        self.store.repository().await.unwrap()
    }
}

mod repository_in_the_stores_file {
    es_core::testing::repository_conformance!(super::Shared::new().await);
}
