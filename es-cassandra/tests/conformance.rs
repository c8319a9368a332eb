//! The store passes the suite that every store passes.

use es_cassandra::CassandraEventStore;
use es_core::testing::conformance::EventStoreFixture;

use crate::cluster::{fresh, store};

struct Cassandra {
    keyspace: String,
}

impl Default for Cassandra {
    fn default() -> Self {
        Self { keyspace: fresh("conformance") }
    }
}

impl EventStoreFixture for Cassandra {
    type Store = CassandraEventStore;
    async fn open(&self) -> CassandraEventStore {
        // A small bucket, so that the suite's longer streams have several.
        let builder = store(&self.keyspace).category("conformance").category("elsewhere").bucket_size(4096);
        builder.connect().await.unwrap()
    }
}

mod store_suite {
    es_core::testing::event_store_conformance!(super::Cassandra::default());
}
