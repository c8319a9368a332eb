//! Where the examples keep their events and views in these tests: SQLite, unless the environment says otherwise.

use std::{
    hash::{DefaultHasher, Hash, Hasher},
    path::Path,
    process::Command,
};

/// Where the examples run: `ES_EXAMPLES_STORE`, `cassandra` or `pipeline`.
fn store() -> Option<String> {
    std::env::var("ES_EXAMPLES_STORE").ok()
}

/// Has an example run there on `db`, or on what stands for it.
pub fn at(command: &mut Command, db: &Path) {
    command.arg("--db").arg(db);
    let Some(store) = store() else { return };
    match store.as_str() {
        "cassandra" => command.args(["--store", "cassandra"]),
        "pipeline" => command.arg("--pipeline"),
        other => panic!("ES_EXAMPLES_STORE is `{other}`: `cassandra` or `pipeline`, or not at all"),
    };
    // The same for the same file, and for no other.
    let mut name = DefaultHasher::new();
    (db, std::process::id()).hash(&mut name);
    command.args(["--keyspace", &format!("test_{:016x}", name.finish())]);
    let servers = [
        ("ES_CASSANDRA_HOSTS", "--hosts"),
        ("ES_KAFKA_BROKERS", "--brokers"),
        ("ES_POSTGRES_URL", "--postgres"),
    ];
    for (variable, argument) in servers {
        if let Ok(value) = std::env::var(variable) {
            command.args([argument, &value]);
        }
    }
}
