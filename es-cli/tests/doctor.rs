//! Whether all that a configuration names is there and answers.

use std::{fs, path::Path};

use es_core::{
    event::{Codec, CommandMetadata, FrameBuilder},
    store::{Commit, EventStore, StreamId, Version},
    testing::conformance::Note,
};
use es_sql::SqliteEventStore;

use super::{
    cargo_es, printed,
    views::{at_rest, closed, everything},
};

fn doctor(folder: &Path, text: &str, good: bool) -> String {
    fs::write(folder.join("event-sourcing.toml"), text).unwrap();
    printed(cargo_es(&["doctor"]).current_dir(folder), good)
}

const EMBEDDED: &str = "
    store = { kind = \"sqlite\", sqlite.file = \"bank.db\" }
    views = { kind = \"sqlite\", sqlite.file = \"views.db\" }
";

#[tokio::test]
async fn what_is_there_and_what_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let told = doctor(folder.path(), EMBEDDED, false);
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 4, "{told}");
    assert_eq!(lines[0], "ok     config  event-sourcing.toml");
    assert!(lines[1].starts_with("wrong  store   sqlite, \"bank.db\" does not exist: check "), "{told}");
    assert_eq!(lines[2], "ok     feed    the store's own");
    assert!(lines[3].starts_with("wrong  views   sqlite, \"views.db\" does not exist: "), "{told}");
    assert_eq!(everything(folder.path()).len(), 1, "nothing was made");

    // A file of something else, and one of a store without views.
    fs::write(folder.path().join("bank.db"), "").unwrap();
    closed(&folder.path().join("views.db")).await;
    let told = doctor(folder.path(), EMBEDDED, false);
    assert!(told.contains("wrong  store   sqlite, bank.db has no tables for events"), "{told}");

    fs::remove_file(folder.path().join("bank.db")).unwrap();
    let store = SqliteEventStore::open(folder.path().join("bank.db")).await.unwrap();
    let mut frame = FrameBuilder::new(Codec::Json);
    let note = Note { key: "a".to_owned(), amount: 1 };
    frame.push(uuid::Uuid::now_v7(), &CommandMetadata::default(), &[note]).unwrap();
    let stream = StreamId::new("conformance", "a");
    store.append(Commit::following(&Version::EMPTY, stream, Codec::Json, frame).into()).await.unwrap();
    drop(store);
    at_rest(&folder.path().join("bank.db")).await;
    let before = everything(folder.path());
    let told = doctor(folder.path(), EMBEDDED, true);
    let expected = "\
ok     config  event-sourcing.toml
ok     store   sqlite, bank.db: commits up to position 1
ok     feed    the store's own
ok     views   sqlite, views.db: 2 projections
warn   views   `conformance-counts` has 1 parked aggregate: `cargo es projection parked conformance-counts` says why
warn   views   `conformance-counts` has 2 dead letters: see `cargo es dead-letters list conformance-counts`
";
    assert_eq!(told, expected);
    assert!(everything(folder.path()) == before, "the same bytes, and no file beside them");
}

#[test]
fn a_configuration_that_cannot_be_used() {
    let folder = tempfile::tempdir().unwrap();
    let told = printed(cargo_es(&["doctor", "--config", "no.toml"]).current_dir(folder.path()), false);
    assert!(told.starts_with("wrong  config  the configuration no.toml cannot be read: "), "{told}");
    for (text, why) in [
        ("store.kin = \"sqlite\"", "there is no setting `store.kin`: did you mean `store.kind`?"),
        ("store.kind = \"sqlite\"", "`store.sqlite.file` is missing"),
        ("store.kind = \"sqlite\"\nstore.sqlite.file = 3", "`store.sqlite.file` has to be a text"),
    ] {
        let told = doctor(folder.path(), text, false);
        assert!(told.starts_with("wrong  config  event-sourcing.toml") && told.contains(why), "{told}");
    }
    let told = doctor(folder.path(), "store.kind = \"memory\"", true);
    assert!(told.contains("ok     store   memory: ") && told.contains("ok     views   none: "), "{told}");
}

/// Nobody listens at these addresses.
const NOWHERE: &str = "
    store.kind = \"cassandra\"
    store.cassandra = { hosts = \"127.0.0.1:1\", keyspace = \"bank\", user = \"ann\", password = \"hunter2\" }
    feed.kind = \"kafka\"
    feed.kafka = { brokers = \"127.0.0.1:1\", options = { \"sasl.password\" = \"hunter2\" } }
    views = { kind = \"postgres\", postgres.url = \"postgres://ann:hunter2@127.0.0.1:1/bank\" }
";

/// Whether this build could ask them or not.
#[test]
fn what_does_not_answer_is_wrong_and_no_secret_is_shown() {
    let folder = tempfile::tempdir().unwrap();
    let told = doctor(folder.path(), NOWHERE, false);
    assert!(!told.contains("hunter2"), "{told}");
    for (part, has, feature, why) in [
        (
            "store",
            cfg!(feature = "cassandra"),
            "cassandra",
            "cassandra, no node of [\"127.0.0.1:1\"] can be reached",
        ),
        ("feed", cfg!(feature = "kafka"), "kafka", "kafka, no broker of `127.0.0.1:1` answers"),
        (
            "views",
            cfg!(feature = "postgres"),
            "postgres",
            "postgres, PostgreSQL 127.0.0.1:1/bank cannot be read",
        ),
    ] {
        let why = if has { why.to_owned() } else { format!("install es-cli with `--features {feature}`") };
        let line =
            told.lines().find(|line| line.starts_with(&format!("wrong  {part:<6}  "))).unwrap_or(&told);
        assert!(line.contains(&why), "{why}: {told}");
    }
    assert_eq!(told.lines().count(), 4, "{told}");
}

/// Needs the pipeline: that of the stack, or of `ES_CASSANDRA_HOSTS`, `ES_KAFKA_BROKERS` and `ES_POSTGRES_URL`.
#[cfg(all(feature = "cassandra", feature = "kafka", feature = "postgres"))]
mod on_server {
    use es_cassandra::{CassandraEventStore, ConnectError, Replication};

    use super::*;

    #[tokio::test]
    async fn servers_that_answer() {
        let server =
            |name: &str, otherwise: &str| std::env::var(name).unwrap_or_else(|_| otherwise.to_owned());
        let hosts = server("ES_CASSANDRA_HOSTS", "127.0.0.1:9042");
        let brokers = server("ES_KAFKA_BROKERS", "127.0.0.1:9092");
        let url = server("ES_POSTGRES_URL", "postgres://postgres@127.0.0.1:54320/postgres");
        let keyspace = format!("doctor_{}", &uuid::Uuid::now_v7().simple().to_string()[..24]);
        let text = format!(
            "store.kind = \"cassandra\"
             store.cassandra = {{ hosts = \"{hosts}\", keyspace = \"{keyspace}\", categories = \"account\", create.replicas = 1 }}
             feed = {{ kind = \"kafka\", kafka.brokers = \"{brokers}\" }}
             views = {{ kind = \"postgres\", postgres = {{ url = \"{url}\", schema = \"{keyspace}\" }} }}"
        );
        let folder = tempfile::tempdir().unwrap();
        let before = doctor(folder.path(), &text, false);
        let builder = || CassandraEventStore::builder(hosts.split(',')).keyspace(&keyspace);
        // Although the application may create it.
        let made = builder().connect().await.map(drop);
        let store = builder().category("account").create_if_missing(Replication::Simple(1)).connect().await;
        drop(store.unwrap());
        let after = doctor(folder.path(), &text, false);
        builder().drop_keyspace().await.unwrap();
        assert!(matches!(made, Err(ConnectError::NoSuchKeyspace { .. })), "{made:?}");
        assert!(
            before.contains(&format!("wrong  store   cassandra, keyspace {keyspace} does not exist")),
            "{before}"
        );
        let store = format!("ok     store   cassandra, keyspace {keyspace}: Apache Cassandra ");
        let line = after.lines().find(|line| line.starts_with(&store)).unwrap_or_default();
        assert!(line.ends_with("; SimpleStrategy, replication_factor 1"), "{after}");
        assert!(after.contains(&format!("ok     feed    kafka, {brokers}: answers")), "{after}");
        assert!(after.contains(&format!("feed    topic es.{keyspace}.account_events")), "{after}");
        assert!(after.contains(&format!("schema {keyspace} has no tables for views")), "{after}");
    }
}
