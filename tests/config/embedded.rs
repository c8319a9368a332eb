//! What needs no servers.

use std::path::Path;

use event_sourcing::{
    config::{Backends, Config, OpenError},
    prelude::*,
    sql::sqlx::{self, Connection, Row, SqliteConnection, sqlite::SqliteConnectOptions},
};

use super::environment;
use crate::journey::{GetMeter, Install, Meters, Note, Streets};

async fn app(backends: &Backends) -> App {
    let app = backends.project(backends.app(), Meters).unwrap();
    backends.project(app, Streets).unwrap().start().await.unwrap()
}

/// The codec of each commit in the file.
async fn codecs(file: &Path) -> Vec<String> {
    let options = SqliteConnectOptions::new().filename(file);
    let mut connection = SqliteConnection::connect_with(&options).await.unwrap();
    let query = "SELECT codec FROM es_commits ORDER BY position";
    let rows = sqlx::query(query).fetch_all(&mut connection).await.unwrap();
    rows.iter().map(|row| row.get(0)).collect()
}

#[tokio::test]
async fn events_and_views_are_where_a_file_says_and_variables_change_single_settings() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let text = "
        [store]
        kind = \"sqlite\"
        sqlite.file = \"nowhere/meters.db\"
        [views]
        kind = \"sqlite\"
        [app]
        codec = \"json\"
    ";
    std::fs::write(at("event-sourcing.toml"), text).unwrap();
    let [events, views] = [at("events.db"), at("views.db")];
    let variables = [("EVENT_SOURCING__STORE__SQLITE__FILE", events.to_str().unwrap())];
    let config = Config::from_file(at("event-sourcing.toml")).unwrap();
    let config = config.with_environment(environment(variables)).unwrap();

    let app_one = app(&config.open().await.unwrap()).await;
    app_one.execute(&7, Install { street: "High".to_owned() }).await.unwrap();
    let done = app_one.execute(&7, Note { kwh: 5 }).await.unwrap();
    assert_eq!(app_one.query_after(&done, GetMeter(7)).await.unwrap().unwrap().kwh, 5);
    app_one.shutdown().await;
    assert_eq!(codecs(&events).await, ["json", "json"]);
    assert!(!views.exists());

    // The same events with views in another file, and another codec from now on.
    let mut config = config;
    config.set("views.sqlite.file", views.to_str().unwrap()).unwrap();
    config.set("app.codec", "bincode").unwrap();
    let app_two = app(&config.open().await.unwrap()).await;
    let done = app_two.execute(&7, Note { kwh: 6 }).await.unwrap();
    let shown = app_two.query_after(&done, GetMeter(7)).await.unwrap().unwrap();
    assert_eq!((shown.kwh, shown.readings), (6, 2));
    app_two.shutdown().await;
    assert_eq!(codecs(&events).await, ["json", "json", "bincode"]);
    assert!(views.exists());
}

#[tokio::test]
async fn what_cannot_be_opened_is_named() {
    let text = "store = { kind = \"sqlite\", sqlite.file = \"no/such/folder/meters.db\" }";
    let error = Config::from_text(text).unwrap().open().await.unwrap_err();
    assert!(matches!(error, OpenError::Store { kind: "sqlite", .. }), "{error:?}");
    assert!(error.to_string().starts_with("the event store, `sqlite`, cannot be opened: "), "{error}");

    let text = "store.kind = \"memory\"\nviews = { kind = \"sqlite\", sqlite.file = \"no/such/views.db\" }";
    let error = Config::from_text(text).unwrap().open().await.unwrap_err();
    assert!(matches!(error, OpenError::Views { kind: "sqlite", .. }), "{error:?}");

    let backends = Config::from_text("store.kind = \"memory\"").unwrap().open().await.unwrap();
    let error = backends.project(backends.app(), Meters).unwrap_err().to_string();
    let message = "`views.kind` is missing: set it to `sqlite`, `postgres`, `cassandra` or `memory`, in the \
                   configuration or by the variable EVENT_SOURCING__VIEWS__KIND";
    assert_eq!(error, message);
}
