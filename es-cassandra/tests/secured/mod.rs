//! On a Cassandra with logins and TLS: that of `cargo xtask stack up --cassandra 4.1.10`.

mod logins;
#[cfg(feature = "rustls")]
mod tls;

use es_cassandra::{Builder, CassandraEventStore};

use crate::cluster::{Keyspace, login, store};

/// Name and password of somebody who may do everything.
fn root() -> (String, String) {
    login()
        .expect("ES_CASSANDRA_USER and ES_CASSANDRA_PASSWORD say how to log in; or add `-- --skip secured::`")
}

/// A keyspace with the tables of category `account`.
async fn made() -> Keyspace {
    let keyspace = Keyspace::fresh("secured");
    store(&keyspace.0).category("account").connect().await.unwrap();
    keyspace
}

fn opening(hosts: Vec<String>, keyspace: &Keyspace) -> Builder {
    CassandraEventStore::builder(hosts).keyspace(&keyspace.0).category("account")
}
