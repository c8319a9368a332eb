//! What a repository says when its tables are not as they must be.

use es_cassandra::{CassandraRepository, ConnectError, Replication};
use es_core::repository::{DocumentRepository, RepositoryError};

use crate::cluster::{Keyspace, connection, hosts, replication, session, store};

const VIEW: &str = "by-owner.v2";

async fn made() -> Keyspace {
    let keyspace = Keyspace::fresh("views");
    store(&keyspace.0).repository().await.unwrap().make_ready(VIEW).await.unwrap();
    keyspace
}

async fn opened(keyspace: &Keyspace) -> CassandraRepository {
    connection().keyspace(&keyspace.0).repository().await.unwrap()
}

async fn run(statement: String) {
    session().await.query_unpaged(statement, ()).await.unwrap();
}

/// The projection is refused, with a text that names each of `parts`, and not tried for ever.
async fn unfit(keyspace: &Keyspace, projection: &'static str, parts: &[&str]) {
    let error = opened(keyspace).await.make_ready(projection).await.unwrap_err();
    assert!(matches!(error, RepositoryError::Unfit { .. }), "{error:?}");
    let text = error.to_string();
    for part in parts {
        assert!(text.contains(part), "`{part}` is not in: {text}");
    }
}

#[tokio::test]
async fn what_was_made_opens_again() {
    let keyspace = made().await;
    opened(&keyspace).await.make_ready(VIEW).await.unwrap();
}

#[tokio::test]
async fn missing_tables_come_with_their_ddl() {
    let keyspace = made().await;
    unfit(&keyspace, "balances", &["view_balances", "CREATE TABLE", "CREATE INDEX"]).await;
    for table in ["es_offsets", "es_dead_letters"] {
        run(format!("DROP TABLE {}.{table}", keyspace.0)).await;
        let error = connection().keyspace(&keyspace.0).repository().await.unwrap_err();
        assert!(matches!(error, ConnectError::NoSuchTable { .. }), "{error:?}");
        assert!(error.to_string().contains(table) && error.to_string().contains("CREATE TABLE"), "{error}");
        store(&keyspace.0).repository().await.unwrap();
    }
}

#[tokio::test]
async fn other_tables_are_refused_with_what_is_wrong() {
    let keyspace = made().await;
    let table = format!("{}.view_by_owner_v2", keyspace.0);
    run(format!("ALTER TABLE {table} WITH default_time_to_live = 60")).await;
    unfit(&keyspace, VIEW, &["60 s", "default_time_to_live = 0"]).await;
    run(format!("ALTER TABLE {table} WITH default_time_to_live = 0")).await;
    run(format!("ALTER TABLE {table} ADD note text")).await;
    unfit(&keyspace, VIEW, &["`note`"]).await;
    run(format!("ALTER TABLE {table} DROP note")).await;
    run(format!("DROP INDEX {}.view_by_owner_v2_parked", keyspace.0)).await;
    unfit(&keyspace, VIEW, &["`parked` has no index", "CREATE INDEX"]).await;
    // Where it may make what is missing, it does.
    store(&keyspace.0).repository().await.unwrap().make_ready(VIEW).await.unwrap();
    opened(&keyspace).await.make_ready(VIEW).await.unwrap();
}

#[tokio::test]
async fn a_name_without_a_table_is_refused() {
    let keyspace = made().await;
    let long = "a_projection_whose_name_is_longer_than_a_table_s_may_be";
    unfit(&keyspace, long, &[long, "43"]).await;
    let error = connection().keyspace("Views").repository().await.unwrap_err();
    assert!(matches!(error, ConnectError::BadName(_)), "{error:?}");
    let error = connection().keyspace("nobody_made_it").repository().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoSuchKeyspace { .. }), "{error:?}");
}

#[tokio::test]
async fn a_keyspace_without_a_quorum_is_refused() {
    let keyspace = Keyspace::fresh("views");
    let replicas = u8::try_from(hosts().len()).unwrap() * 2 + 1;
    let builder = connection().keyspace(&keyspace.0).create_if_missing(Replication::Simple(replicas));
    let error = builder.repository().await.unwrap_err();
    assert!(matches!(error, ConnectError::NoQuorum { .. }), "{error:?}");
}

/// Two projections whose names come to one table keep to themselves.
#[tokio::test]
async fn names_of_one_table_do_not_mix() {
    let keyspace = Keyspace::fresh("views");
    let builder = connection().keyspace(&keyspace.0).create_if_missing(replication());
    let repository = builder.repository().await.unwrap();
    let document = es_core::repository::Document { view: Some(b"1".to_vec()), ..Default::default() };
    assert!(repository.replace("a-b", "x", None, &document).await.unwrap());
    assert!(repository.replace("a.b", "y", None, &document).await.unwrap());
    let keys = async |projection| {
        let found = repository.scan(projection, None, 10).await.unwrap();
        found.into_iter().map(|(key, _)| key).collect::<Vec<_>>()
    };
    assert_eq!((keys("a-b").await, keys("a.b").await), (vec!["x".to_owned()], vec!["y".to_owned()]));
}
