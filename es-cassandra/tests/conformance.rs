//! The store passes the suite that every store passes.

use es_cassandra::CassandraEventStore;
use es_core::testing::conformance::EventStoreFixture;

use crate::cluster::Keyspace;

struct Cassandra {
    keyspace: Keyspace,
}

impl Default for Cassandra {
    fn default() -> Self {
        Self { keyspace: Keyspace::fresh("conformance") }
    }
}

impl EventStoreFixture for Cassandra {
    type Store = CassandraEventStore;
    async fn open(&self) -> CassandraEventStore {
        // A small bucket, so that the suite's longer streams have several.
        let builder = self.keyspace.store().category("conformance").category("elsewhere").bucket_size(4096);
        builder.connect().await.unwrap()
    }
}

mod store_suite {
    es_core::testing::event_store_conformance!(super::Cassandra::default());
}
