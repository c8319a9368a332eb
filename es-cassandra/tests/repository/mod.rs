//! Views on the real server.

mod listener;
mod lost;
mod relay;
mod tables;

use es_cassandra::CassandraRepository;
use es_core::testing::conformance::DocumentRepositoryFixture;

use crate::cluster::{Scratch, store};

struct Cassandra(Scratch);

impl DocumentRepositoryFixture for Cassandra {
    type Repository = CassandraRepository;
    async fn open(&self) -> CassandraRepository {
        store(&self.0.0).repository().await.unwrap()
    }
}

mod suite {
    es_core::testing::document_repository_conformance!(super::Cassandra(super::Scratch::new("views")));
}
