//! What the servers run with.

use es_cassandra::{ConnectError, Flavour, Severity};

use super::{logs, made, opening, opens, run};
use crate::cluster::{Keyspace, hosts, replication};

/// The stack's nodes sync periodically, for speed: its reports and logs warn of that.
#[tokio::test]
async fn periodic_syncs_are_reported_for_every_node() {
    let keyspace = made().await;
    let (store, said) = logs::of(opens(opening(&keyspace))).await;
    let warned = said.iter().any(|line| line.contains("commitlog_sync = periodic") && line.contains("power"));
    assert!(warned, "{said:?}");

    let report = store.report().await.unwrap();
    assert_eq!(report.server.flavour, Flavour::Cassandra);
    assert!(report.server.version.starts_with(['4', '5']), "{}", report.server);
    let (mut nodes, mut due) = (report.nodes.clone(), hosts());
    nodes.sort();
    due.sort();
    assert_eq!((nodes, report.silent.len()), (due, 0));
    assert!(report.replication["class"].ends_with("SimpleStrategy"), "{:?}", report.replication);

    let sync = report.warnings().find(|finding| finding.setting == "commitlog_sync").unwrap();
    assert_eq!(sync.values.keys().collect::<Vec<_>>(), [&Some("periodic".to_owned())]);
    assert!(sync.is_agreed() && sync.values.values().flatten().count() == hosts().len());
    let paxos = report.findings.iter().find(|finding| finding.setting == "paxos_variant").unwrap();
    assert_eq!((paxos.severity, paxos.values.keys().next()), (Severity::Fine, Some(&Some("v2".to_owned()))));
    // Whichever version it is: all are spoken of.
    assert_eq!(report.findings.len(), 6);
}

/// Not even the settings, which whoever opens it first decides.
#[tokio::test]
async fn a_look_from_outside_makes_nothing() {
    let keyspace = Keyspace::fresh("start");
    let look = || opening(&keyspace).create_if_missing(replication()).report();
    let error = look().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoSuchKeyspace { .. }), "{error:?}");
    let ddl = opening(&keyspace).ddl(&replication());
    let statements: Vec<&str> = ddl.split(";\n").filter(|text| !text.trim().is_empty()).collect();
    let (last, others) = statements.split_last().unwrap();
    for statement in others {
        run(statement).await;
    }
    let error = look().await.unwrap_err();
    assert!(
        matches!(&error, ConnectError::NoSuchTable { table, .. } if table.contains("_snapshots")),
        "{error:?}"
    );
    run(last).await;
    let report = look().await.unwrap();
    assert!(report.replication["class"].ends_with("SimpleStrategy"), "{:?}", report.replication);
    assert_eq!(opens(opening(&keyspace).bucket_size(500)).await.bucket_size(), 500);
    look().await.unwrap();
}
