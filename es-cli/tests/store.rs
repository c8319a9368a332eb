//! Statements for those who may create tables.

use super::{cargo_es, printed};

fn ddl(arguments: &[&str], good: bool) -> String {
    printed(&mut cargo_es(&[&["store", "ddl"], arguments].concat()), good)
}

#[cfg(feature = "cassandra")]
#[test]
fn of_events_and_views() {
    let wanted = ["--keyspace", "bank", "--category", "account", "transfer"];
    let text = ddl(&[&wanted[..], &["--datacenter", "dc1=3", "--datacenter", "dc2=2"]].concat(), true);
    let statements: Vec<&str> = text.trim().split(";\n").collect();
    assert_eq!(
        statements[0],
        "CREATE KEYSPACE IF NOT EXISTS bank WITH replication = {'class': 'NetworkTopologyStrategy', 'dc1': 3, 'dc2': 2}"
    );
    let tables = |text: &str| {
        let names = text.split("CREATE TABLE IF NOT EXISTS ").skip(1);
        names.map(|rest| rest.split_whitespace().next().unwrap().to_owned()).collect::<Vec<_>>()
    };
    let events = [
        "bank.es_settings",
        "bank.account_events",
        "bank.account_snapshots",
        "bank.transfer_events",
        "bank.transfer_snapshots",
    ];
    assert_eq!(tables(&text), events);

    let text = ddl(&[&wanted[..], &["--views", "balances"]].concat(), true);
    assert!(text.contains("'SimpleStrategy', 'replication_factor': 3"), "{text}");
    let views = ["bank.es_offsets", "bank.es_dead_letters", "bank.view_balances"];
    assert_eq!(tables(&text), [&events[..], &views].concat());
    assert_eq!(text.matches("CREATE KEYSPACE").count(), 1);
    let text = ddl(&["--keyspace", "seen", "--views", "by-owner", "--replicas", "1"], true);
    assert_eq!(tables(&text), ["seen.es_offsets", "seen.es_dead_letters", "seen.view_by_owner"]);
    assert_eq!(text.matches("CREATE KEYSPACE").count(), 1);

    for (wrong, why) in [
        (&["--keyspace", "bank; DROP", "--category", "account"][..], "`bank; DROP` cannot name a keyspace"),
        (&["--keyspace", "bank", "--category", "a b"], "`a b` cannot name a keyspace or a table"),
        (
            &["--keyspace", "bank", "--category", "a", "--datacenter", "dc1"],
            "`--datacenter dc1`: write its name",
        ),
        (&["--keyspace", "bank", "--category", "a", "--datacenter", "dc1=0"], "such as `dc1=3`"),
        (&["--keyspace", "bank"], "--category"),
    ] {
        let told = ddl(wrong, false);
        assert!(told.contains(why), "{told}");
    }
}

#[cfg(not(feature = "cassandra"))]
#[test]
fn what_this_build_lacks_is_named() {
    let told = ddl(&["--keyspace", "bank", "--category", "account"], false);
    assert!(told.contains("--features cassandra"), "{told}");
}
