//! Encrypted connections.

use std::path::Path;

use es_cassandra::{Builder, ConnectError, Tls};

use super::{made, opening, root};
use crate::cluster::{Keyspace, hosts};

/// Of somebody who has signed none of the nodes' certificates.
const ANOTHER_AUTHORITY: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/secured/another-authority.pem");

/// Where nodes take encrypted connections alone.
fn tls_hosts() -> Vec<String> {
    let hosts =
        std::env::var("ES_CASSANDRA_TLS_HOSTS").expect("ES_CASSANDRA_TLS_HOSTS names the encrypted ports");
    hosts.split(',').map(str::to_owned).collect()
}

fn authority() -> Tls {
    Tls::trusting(std::env::var("ES_CASSANDRA_CA").expect("ES_CASSANDRA_CA names the authority's file"))
        .unwrap()
}

fn logged_in(hosts: Vec<String>, keyspace: &Keyspace) -> Builder {
    let (user, password) = root();
    opening(hosts, keyspace).user(user, password)
}

async fn unreachable(builder: Builder) -> String {
    let error = builder.connect().await.unwrap_err();
    assert!(matches!(error, ConnectError::Unreachable { .. }), "{error:?}");
    let text = error.to_string();
    assert!(text.contains("TLS"), "{text}");
    text
}

#[tokio::test]
async fn nodes_of_the_right_authority_are_trusted() {
    let keyspace = made().await;
    let store = logged_in(tls_hosts(), &keyspace).tls(authority()).connect().await.unwrap();
    let report = store.report().await.unwrap();
    assert_eq!(report.nodes.len(), tls_hosts().len());
}

#[tokio::test]
async fn nodes_of_another_authority_are_not() {
    let keyspace = made().await;
    assert!(Path::new(ANOTHER_AUTHORITY).exists());
    let tls = Tls::trusting(ANOTHER_AUTHORITY).unwrap();
    let said = unreachable(logged_in(tls_hosts(), &keyspace).tls(tls)).await;
    assert!(said.contains("certificate"), "{said}");
}

#[tokio::test]
async fn both_sides_must_want_it() {
    let keyspace = made().await;
    unreachable(logged_in(tls_hosts(), &keyspace)).await;
    unreachable(logged_in(hosts(), &keyspace).tls(authority())).await;
}
