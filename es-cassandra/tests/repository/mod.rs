//! Views on the real server.

mod listener;
mod lost;
mod relay;
mod tables;

use es_cassandra::CassandraRepository;
use es_core::testing::conformance::DocumentRepositoryFixture;

use crate::cluster::{Keyspace, store};

struct Cassandra(Keyspace);

impl DocumentRepositoryFixture for Cassandra {
    type Repository = CassandraRepository;
    async fn open(&self) -> CassandraRepository {
        store(&self.0.0).repository().await.unwrap()
    }
}

mod suite {
    es_core::testing::document_repository_conformance!(super::Cassandra(super::Keyspace::fresh("views")));
}
