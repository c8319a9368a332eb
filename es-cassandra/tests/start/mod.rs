//! What a store says at its start when something is not as it must be: which, and what to do.

mod logs;
mod names;
mod report;
mod settings;
mod tables;

use es_cassandra::{Builder, CassandraEventStore, ConnectError};

use crate::cluster::{Keyspace, connection, session, store};

/// A keyspace with the tables of category `account`, made by a store that is closed again.
async fn made() -> Keyspace {
    let keyspace = Keyspace::fresh("start");
    store(&keyspace.0).category("account").connect().await.unwrap();
    keyspace
}

/// How an application opens what an operator has made.
fn opening(keyspace: &Keyspace) -> Builder {
    connection().keyspace(&keyspace.0).category("account")
}

/// Changes something behind the store's back.
async fn run(statement: &str) {
    session().await.query_unpaged(statement, ()).await.unwrap();
}

/// Opens the store, which must refuse; its text names each of `parts`.
async fn refused(builder: Builder, parts: &[&str]) -> ConnectError {
    let error = builder.connect().await.expect_err("something is wrong");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
    error
}

/// The store opens.
async fn opens(builder: Builder) -> CassandraEventStore {
    builder.connect().await.unwrap()
}
