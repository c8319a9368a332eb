//! The servers of `cargo xtask stack up --pipeline`.

use event_sourcing::{
    app::App,
    cassandra::CassandraEventStore,
    config::{Backends, Config, OpenError},
};
use uuid::Uuid;

use crate::journey::{GetMeter, Install, Meters, Note, Streets};

fn server(variable: &str, otherwise: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| otherwise.to_owned())
}

fn hosts() -> String {
    server("ES_CASSANDRA_HOSTS", "127.0.0.1:9042")
}

/// A file with all that is in Cassandra, whose keyspace is a new one, and `more`.
fn config(more: &str) -> (Config, String) {
    let keyspace = format!("config_{}", &Uuid::now_v7().simple().to_string()[..24]);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event-sourcing.toml");
    let text = format!(
        "[store]
         kind = \"cassandra\"
         [store.cassandra]
         hosts = \"{}\"
         keyspace = \"{keyspace}\"
         categories = [\"meter\"]
         create.replicas = 1
         {more}",
        hosts(),
    );
    std::fs::write(&file, text).unwrap();
    (Config::load(&file).unwrap(), keyspace)
}

async fn drop(keyspace: &str) {
    let builder = CassandraEventStore::builder(hosts().split(',')).keyspace(keyspace);
    builder.drop_keyspace().await.unwrap();
}

/// A command to its view.
async fn runs(app: &App) {
    app.execute(&7, Install { street: "High".to_owned() }).await.unwrap();
    let done = app.execute(&7, Note { kwh: 5 }).await.unwrap();
    let shown = app.query_after(&done, GetMeter(7)).await.unwrap().unwrap();
    assert_eq!((shown.kwh, shown.readings), (5, 1));
}

async fn with_both_views(backends: &Backends) -> App {
    let app = backends.project(backends.app(), Meters).unwrap();
    backends.project(app, Streets).unwrap().start().await.unwrap()
}

#[tokio::test]
async fn the_whole_pipeline_from_a_file() {
    let brokers = server("ES_KAFKA_BROKERS", "127.0.0.1:9092");
    let url = server("ES_POSTGRES_URL", "postgres://postgres@127.0.0.1:54320/postgres");
    let (mut config, keyspace) = config(&format!(
        "[app]
         read_patience = \"60s\"
         [feed]
         kind = \"kafka\"
         [feed.kafka]
         brokers = \"{brokers}\"
         fast_path = \"aggregate-id\"
         options = {{ \"fetch.wait.max.ms\" = 50 }}
         [views]
         kind = \"postgres\"
         postgres.url = \"{url}\""
    ));
    config.set("views.postgres.schema", &keyspace).unwrap();
    let backends = config.open().await.unwrap();
    assert!(backends.cassandra_store().is_some() && backends.postgres_views().is_some());
    let app = with_both_views(&backends).await;
    runs(&app).await;
    app.shutdown().await;

    // They are in the schema that was named, which is there by now.
    let app = with_both_views(&config.open().await.unwrap()).await;
    let shown = app.query(GetMeter(7)).await.unwrap().unwrap();
    assert_eq!(shown.kwh, 5);
    app.shutdown().await;
    use event_sourcing::sql::sqlx::{self, AssertSqlSafe, PgPool};
    let admin = PgPool::connect(&url).await.unwrap();
    let drop_schema = format!("DROP SCHEMA {keyspace} CASCADE");
    sqlx::raw_sql(AssertSqlSafe(drop_schema)).execute(&admin).await.unwrap();
    drop(&keyspace).await;
}

#[tokio::test]
async fn views_on_the_cluster_are_those_by_aggregate() {
    let (mut config, keyspace) = config("[views]\nkind = \"cassandra\"");
    let views = format!("{keyspace}_v");
    config.set("views.cassandra.keyspace", &views).unwrap();
    let backends = config.open().await.unwrap();
    let refused = backends.project(backends.app(), Streets).unwrap_err();
    assert!(matches!(refused, OpenError::NeedsTransactions { projection: "streets" }), "{refused:?}");
    let app = backends.project(backends.app(), Meters).unwrap().start().await.unwrap();
    runs(&app).await;
    app.shutdown().await;
    drop(&views).await;
    drop(&keyspace).await;
}

#[tokio::test]
async fn a_database_that_is_not_there_is_named() {
    let nobody =
        "views = { kind = \"postgres\", postgres.url = \"postgres://bank:hunter2@127.0.0.1:1/bank\" }";
    let text = format!("store.kind = \"memory\"\n{nobody}");
    let error = Config::from_text(&text).unwrap().open().await.unwrap_err();
    let shown = format!("{error} {error:?}");
    assert!(shown.starts_with("the database of views, `postgres`, cannot be opened: "), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
}
