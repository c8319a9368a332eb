//! The backends in memory are the reference: they pass every suite.

use es_core::{
    repository::{MemoryRepository, Repository},
    store::{EventStore, MemoryEventStore},
    testing::conformance::{ChangeFeedFixture, Counts, EventStoreFixture, RepositoryFixture},
};

#[derive(Default)]
struct Memory {
    store: MemoryEventStore,
    repository: MemoryRepository,
}

impl EventStoreFixture for Memory {
    type Store = MemoryEventStore;
    async fn open(&self) -> MemoryEventStore {
        self.store.clone()
    }
}

impl ChangeFeedFixture for Memory {
    type Store = MemoryEventStore;
    type Feed = MemoryEventStore;
    async fn open(&self) -> (MemoryEventStore, MemoryEventStore) {
        (self.store.clone(), self.store.feed().unwrap())
    }
}

impl RepositoryFixture for Memory {
    type Repository = MemoryRepository;
    async fn open(&self) -> MemoryRepository {
        self.repository.clone()
    }
}

mod memory_store {
    es_core::testing::event_store_conformance!(super::Memory::default());
}

mod memory_feed {
    es_core::testing::change_feed_conformance!(super::Memory::default());
}

mod memory_repository {
    es_core::testing::repository_conformance!(super::Memory::default());
}

/// Without this, the suite's cases about generations would ask nothing.
#[test]
fn the_repository_keeps_generations() {
    let repository = MemoryRepository::new();
    assert!(Repository::<Counts>::at_generation(&repository, 0).is_some());
}
