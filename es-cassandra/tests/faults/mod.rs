//! What networks and servers do wrong, and what becomes of commits meanwhile.

mod bounds;
mod cost;
mod late;
mod linear;
mod load;
mod proxy;
mod race;
mod random;
mod ring;
mod single;
pub mod workload;

use std::time::Duration;

use es_cassandra::CassandraEventStore;

use crate::cluster::Keyspace;
use proxy::Proxy;

/// A store behind a proxy, and one that goes to the server straight.
struct Both {
    // Before the keyspace, which is dropped last.
    store: CassandraEventStore,
    direct: CassandraEventStore,
    proxy: Proxy,
    keyspace: Keyspace,
}

/// How long it may take to settle a write whose outcome is to be known: as long as the slowest machine needs.
const PATIENCE: Duration = Duration::from_secs(60);

/// Asks again until it is so.
pub async fn until(mut is_so: impl AsyncFnMut() -> bool) {
    let asking = async {
        while !is_so().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(PATIENCE, asking).await.expect("it was to become so");
}

impl Both {
    async fn new(name: &str, settle_within: Duration) -> Self {
        Self::with_timeout(name, settle_within, Duration::from_millis(400)).await
    }

    async fn with_timeout(name: &str, settle_within: Duration, timeout: Duration) -> Self {
        let (keyspace, proxy) = (Keyspace::fresh(name), Proxy::start().await);
        let direct = keyspace.store().category("ledger").bucket_size(16).connect().await.unwrap();
        let store = proxy.store(&keyspace).category("ledger");
        let store = store.request_timeout(timeout).settle_within(settle_within).connect().await.unwrap();
        Self { store, direct, proxy, keyspace }
    }
}
