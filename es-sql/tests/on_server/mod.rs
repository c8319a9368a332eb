//! What needs PostgreSQL: `cargo xtask stack up --postgres`, or the server of `ES_POSTGRES_URL`.

mod connections;
mod database;
mod given_up;
mod listeners;
mod readable;
mod rebuild;
mod relay;
mod schema;
mod silence;
mod statements;

use database::Database;
use es_core::testing::conformance::RepositoryFixture;
use es_sql::PostgresRepository;

impl RepositoryFixture for Database {
    type Repository = PostgresRepository;
    async fn open(&self) -> PostgresRepository {
        PostgresRepository::new(&self.pool(10))
    }
}

mod repository {
    es_core::testing::repository_conformance!(super::Database::new().await);
}
