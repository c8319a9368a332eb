//! What all processes of a store must agree on.

use es_cassandra::ConnectError;

use super::{logs, made, opening, opens, refused, run};
use crate::cluster::{Keyspace, store};

async fn plant(keyspace: &Keyspace, column: &str, value: &str) {
    run(&format!("UPDATE {}.es_settings SET {column} = {value} WHERE name = 'store' IF EXISTS", keyspace.0))
        .await;
}

/// Two processes with different ideas: both use what is stored, and the second is told.
#[tokio::test]
async fn the_bucket_size_is_that_of_the_first_process() {
    let keyspace = Keyspace::fresh("start");
    let first = opens(store(&keyspace.0).category("account").bucket_size(16)).await;
    let (second, said) = logs::of(opens(opening(&keyspace).bucket_size(7))).await;
    assert_eq!((first.bucket_size(), second.bucket_size()), (16, 16));
    assert!(said.iter().any(|line| line.contains("asked=7") && line.contains("stored=16")), "{said:?}");
    // Who asks for nothing, or for what is there, is told nothing.
    for agreeing in [opening(&keyspace), opening(&keyspace).bucket_size(16)] {
        let (_, said) = logs::of(opens(agreeing)).await;
        assert!(!said.iter().any(|line| line.contains("bucket")), "{said:?}");
    }
}

#[tokio::test]
async fn two_first_processes_at_once_agree() {
    let keyspace = made().await;
    run(&format!("TRUNCATE {}.es_settings", keyspace.0)).await;
    let sizes = [8, 9, 10, 11].map(|size| {
        let builder = opening(&keyspace).bucket_size(size);
        tokio::spawn(async move { opens(builder).await.bucket_size() })
    });
    let mut found = Vec::new();
    for size in sizes {
        found.push(size.await.unwrap());
    }
    assert!(found.iter().all(|size| *size == found[0]), "{found:?}");
}

/// Within one datacenter it costs nothing to be right for two of them.
#[tokio::test]
async fn local_serial_is_refused_always() {
    let keyspace = made().await;
    plant(&keyspace, "serial_consistency", "'LOCAL_SERIAL'").await;
    let error = refused(opening(&keyspace), &["es_settings", "LOCAL_SERIAL", "`SERIAL`"]).await;
    assert!(matches!(error, ConnectError::LocalSerial { .. }), "{error:?}");
    plant(&keyspace, "serial_consistency", "'SERIAL'").await;
    opens(opening(&keyspace)).await;
}

#[tokio::test]
async fn settings_of_newer_code_are_refused_by_name() {
    let keyspace = made().await;
    for (column, value, good) in [
        ("framing", "2", "1"),
        ("bucket_size", "0", "10000"),
        ("bucket_size", "null", "10000"),
        ("serial_consistency", "'EACH_SERIAL'", "'SERIAL'"),
    ] {
        plant(&keyspace, column, value).await;
        let error = refused(opening(&keyspace), &[column, "es_settings", "deploy"]).await;
        assert!(
            matches!(error, ConnectError::UnknownSetting { name, .. } if name == column),
            "{column} {value}"
        );
        plant(&keyspace, column, good).await;
    }
    opens(opening(&keyspace)).await;
}
