//! Addresses and names.

use es_cassandra::{CassandraEventStore, ConnectError};

use super::refused;
use crate::cluster::connection;

#[tokio::test]
async fn bad_names_are_refused_before_anything_is_sent() {
    // Nobody listens there: a request would say so.
    let nowhere = || CassandraEventStore::builder(["127.0.0.1:1"]);
    assert!(matches!(refused(nowhere(), &[".keyspace("]).await, ConnectError::NoKeyspace));
    for bad in ["Bank", "bank;DROP", "1bank", ""] {
        let error = nowhere().keyspace("bank").category(bad).connect().await.unwrap_err();
        assert!(matches!(&error, ConnectError::BadName(name) if name == bad), "{error}");
    }
    let error = refused(nowhere().keyspace("Bank"), &["`Bank`", "lower-case"]).await;
    assert!(matches!(error, ConnectError::BadName(_)), "{error:?}");
}

#[tokio::test]
async fn a_host_out_of_reach_is_named() {
    for nowhere in ["127.0.0.1:1", "no-such-host.invalid:9042"] {
        let builder = CassandraEventStore::builder([nowhere]).keyspace("bank");
        let error = refused(builder, &[nowhere, "addresses"]).await;
        assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    }
}

#[tokio::test]
async fn a_missing_keyspace_comes_with_its_ddl() {
    let error =
        refused(connection().keyspace("nobody_made_it"), &["`nobody_made_it`", "CREATE KEYSPACE"]).await;
    assert!(matches!(error, ConnectError::NoSuchKeyspace { .. }), "{error:?}");
}
