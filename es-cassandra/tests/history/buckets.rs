//! One store has one bucket size, whoever opens it.

use es_cassandra::CassandraEventStore;
use es_core::store::{AppendError, EventStore, Version};

use crate::{
    cluster::Keyspace,
    commits::{commit, read_all, stream},
};

async fn open(keyspace: &Keyspace, size: u64) -> CassandraEventStore {
    keyspace.store().category("ledger").bucket_size(size).connect().await.unwrap()
}

/// Processes that are told different bucket sizes, and start at once, agree on one; so of two writers one wins at
/// every place, also behind the borders of either size.
#[tokio::test]
async fn processes_with_different_bucket_sizes_agree() {
    let keyspace = Keyspace::fresh("sizes");
    // The keyspace is there, without settings: whoever starts first decides them.
    let session = crate::cluster::session().await;
    for statement in keyspace.store().category("ledger").ddl(&crate::cluster::replication()).split(';') {
        if !statement.trim().is_empty() {
            session.query_unpaged(statement, ()).await.unwrap();
        }
    }
    let (three, five) = tokio::join!(open(&keyspace, 3), open(&keyspace, 5));
    let size = three.bucket_size();
    assert!(size == 3 || size == 5, "{size}");
    assert_eq!(five.bucket_size(), size);
    assert_eq!(open(&keyspace, 7).await.bucket_size(), size);

    let stream = stream("raced");
    let (mut at, mut kept) = (Version::EMPTY, Vec::new());
    for _ in 0..20 {
        let (left, right) = (commit(&at, &stream, 1), commit(&at, &stream, 1));
        let outcomes = tokio::join!(three.append(left.clone()), five.append(right.clone()));
        let winner = match outcomes {
            (Ok(()), Err(AppendError::Conflict { .. })) => left,
            (Err(AppendError::Conflict { .. }), Ok(())) => right,
            other => panic!("one wins, and one loses: {other:?}"),
        };
        at = winner.version();
        kept.push(winner);
    }
    for store in [&three, &five] {
        assert_eq!(read_all(store, &stream).await, kept);
        assert_eq!(store.head(&stream).await.unwrap(), at);
    }
}
