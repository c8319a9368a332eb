//! Tables.

use es_cassandra::{ConnectError, Replication};
use es_core::{
    projection::Projection,
    repository::Repository,
    store::{EventStore, StreamId},
    testing::conformance::{Counts, Mirror},
};

use super::{made, opening, opens, refused, run};
use crate::cluster::{Keyspace, connection, hosts, replication, session, store};

#[tokio::test]
async fn what_was_made_opens_again() {
    let keyspace = made().await;
    opens(opening(&keyspace)).await;
}

/// The DDL that is shown is the DDL that is needed.
#[tokio::test]
async fn a_store_made_by_hand_opens() {
    let keyspace = Keyspace::fresh("start");
    for statement in
        opening(&keyspace).ddl(&replication()).split(";\n").filter(|text| !text.trim().is_empty())
    {
        run(statement).await;
    }
    opens(opening(&keyspace)).await;
}

/// Also that of views.
#[tokio::test]
async fn views_made_by_hand_open() {
    let keyspace = Keyspace::fresh("start");
    let views = || connection().keyspace(&keyspace.0).create_if_missing(replication()).create_nothing();
    let error = views().repository().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoSuchKeyspace { .. }), "{error:?}");
    let ddl = views().views_ddl(&[Counts::NAME], &replication()).unwrap();
    for statement in ddl.split(";\n").filter(|text| !text.trim().is_empty()) {
        run(statement).await;
    }
    let repository = views().repository().await.unwrap();
    Repository::<Counts>::prepare(&repository).await.unwrap();
    Repository::<Mirror>::prepare(&repository).await.unwrap_err();
}

#[tokio::test]
async fn a_missing_table_comes_with_its_ddl() {
    let keyspace = made().await;
    for table in ["account_events", "account_snapshots"] {
        run(&format!("DROP TABLE {}.{table}", keyspace.0)).await;
        let error = refused(opening(&keyspace), &[&format!("{}.{table}", keyspace.0), "CREATE TABLE"]).await;
        assert!(matches!(error, ConnectError::NoSuchTable { .. }), "{error:?}");
        opens(opening(&keyspace).create_if_missing(replication())).await;
    }
    run(&format!("DROP TABLE {}.es_settings", keyspace.0)).await;
    let error = refused(opening(&keyspace), &["es_settings", "CREATE TABLE"]).await;
    assert!(matches!(error, ConnectError::NoSuchTable { .. }), "{error:?}");
}

/// A category that was not named at the start is checked when it is first used.
#[tokio::test]
async fn a_missing_table_shows_at_its_first_use() {
    let keyspace = made().await;
    let store = opens(opening(&keyspace)).await;
    let error = store.head(&StreamId::new("invoice", "a")).await.unwrap_err().to_string();
    assert!(error.contains("invoice_events") && error.contains("CREATE TABLE"), "{error}");
}

async fn unfit(keyspace: &Keyspace, parts: &[&str]) {
    let error = refused(opening(keyspace), parts).await;
    assert!(matches!(error, ConnectError::UnfitTable { .. }), "{error:?}");
    // `create_if_missing` repairs nothing that is there.
    let error = refused(opening(keyspace).create_if_missing(replication()), parts).await;
    assert!(matches!(error, ConnectError::UnfitTable { .. }), "{error:?}");
}

#[tokio::test]
async fn a_table_without_cdc_is_refused_with_what_turns_it_on() {
    let keyspace = made().await;
    let table = format!("{}.account_events", keyspace.0);
    run(&format!("ALTER TABLE {table} WITH cdc = false")).await;
    let remedy = format!("ALTER TABLE {table} WITH cdc = true");
    unfit(&keyspace, &["not captured", &remedy]).await;
    run(&remedy).await;
    opens(opening(&keyspace)).await;
}

#[tokio::test]
async fn rows_that_expire_are_refused_with_what_turns_it_off() {
    let keyspace = made().await;
    for table in ["account_events", "account_snapshots"] {
        let table = format!("{}.{table}", keyspace.0);
        run(&format!("ALTER TABLE {table} WITH default_time_to_live = 86400")).await;
        let remedy = format!("ALTER TABLE {table} WITH default_time_to_live = 0");
        unfit(&keyspace, &["86400 s", &remedy]).await;
        run(&remedy).await;
    }
    opens(opening(&keyspace)).await;
}

#[tokio::test]
async fn other_columns_are_refused_by_name() {
    let keyspace = made().await;
    let table = format!("{}.account_events", keyspace.0);
    run(&format!("ALTER TABLE {table} ADD note text")).await;
    unfit(&keyspace, &["`note`", "CREATE TABLE"]).await;
    run(&format!("ALTER TABLE {table} DROP note")).await;
    opens(opening(&keyspace)).await;
    run(&format!("ALTER TABLE {table} DROP parent")).await;
    unfit(&keyspace, &["no column `parent`"]).await;

    let table = format!("{}.account_snapshots", keyspace.0);
    run(&format!("DROP TABLE {}.account_events", keyspace.0)).await;
    store(&keyspace.0).category("account").connect().await.unwrap();
    run(&format!("DROP TABLE {table}")).await;
    run(&format!(
        "CREATE TABLE {table} (aggregate_id text, fingerprint bigint, sequence bigint, last_sequence int, \
         commit_id uuid, state blob, command_ids blob, PRIMARY KEY ((aggregate_id, fingerprint)))"
    ))
    .await;
    unfit(&keyspace, &["`last_sequence`", "`int`", "`bigint`"]).await;
}

/// More replicas than nodes: nothing can be stored, and the store says so instead of timing out later.
#[tokio::test]
async fn a_keyspace_without_a_quorum_is_refused() {
    let keyspace = Keyspace::fresh("start");
    let replicas = u8::try_from(hosts().len()).unwrap() * 2 + 1;
    let builder = connection().keyspace(&keyspace.0).category("account");
    let error = refused(
        builder.create_if_missing(Replication::Simple(replicas)),
        &["es_settings", "replicas", "ALTER KEYSPACE"],
    )
    .await;
    assert!(matches!(error, ConnectError::NoQuorum { .. }), "{error:?}");
}

/// By its datacenter's name.
#[tokio::test]
async fn a_keyspace_replicates_to_datacenters_by_name() {
    let keyspace = Keyspace::fresh("start");
    let found = session().await.query_unpaged("SELECT data_center FROM system.local", ()).await.unwrap();
    let (datacenter,) = found.into_rows_result().unwrap().first_row::<(String,)>().unwrap();
    let replicas = u8::try_from(hosts().len()).unwrap();
    let by_name = Replication::Datacenters(vec![(datacenter.clone(), replicas)]);
    let builder = connection().keyspace(&keyspace.0).category("account").create_if_missing(by_name);
    let report = opens(builder).await.report().await.unwrap();
    assert_eq!(report.replication.get(&datacenter), Some(&replicas.to_string()));
    assert!(report.replication["class"].ends_with("NetworkTopologyStrategy"), "{:?}", report.replication);
}
