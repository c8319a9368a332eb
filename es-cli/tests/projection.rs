//! Projections, parked aggregates and dead letters, without the code that has them.

use std::{fs, path::Path};

use es_core::{
    repository::Repository,
    testing::conformance::{Counts, Totals},
};
use es_sql::{SqlRepository, SqliteEventStore};

use super::{
    cargo_es, printed,
    views::{at_rest, closed, everything, fill},
};

fn es(folder: &Path, arguments: &[&str], good: bool) -> String {
    printed(cargo_es(arguments).current_dir(folder), good)
}

const LIST: &str = "\
PROJECTION          GENERATION  FILLING  AGGREGATES  PARKED  DEAD LETTERS
conformance-counts           0        1           3       1             2
conformance-totals           0        -           0       0             0
";

const LETTERS: &str = "\
es.bank.account_events/3 17: it is not JSON: expected value
    {\"brokené
es.bank.account_events/3 19: it is not JSON: expected value
    0xff0010
";

/// What is printed of views that [`fill`] has made, wherever they are.
fn tells(folder: &Path, place: &[&str]) {
    let list = [&["projection", "list"], place].concat();
    assert_eq!(es(folder, &list, true), LIST);
    let json = es(folder, &[&list, &["--json"][..]].concat(), true);
    let lines: Vec<serde_json::Value> =
        json.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let expected = serde_json::json!({
        "projection": "conformance-counts", "generation": 0, "aggregates": 3, "parked": 1, "dead_letters": 2,
        "filling": { "generation": 1, "aggregates": 1, "parked": 0, "dead_letters": 0 },
    });
    assert_eq!((&lines[0], &lines[1]["filling"]), (&expected, &serde_json::Value::Null));

    let parked = es(folder, &[&["projection", "parked", "conformance-counts"], place].concat(), true);
    let lines: Vec<&str> = parked.lines().collect();
    assert_eq!(lines.len(), 3, "{parked}");
    let cells: Vec<&str> = lines[1].split_whitespace().collect();
    assert_eq!(cells[..2], ["conformance/42", "7"], "{parked}");
    assert!(lines[1].ends_with("no such\\u{0} carrier: QQ\\nat leg 2"), "{parked}");
    assert!(lines[2].contains("App::retry_parked"), "{parked}");
    let none = es(folder, &[&["projection", "parked", "conformance-totals"], place].concat(), true);
    assert_eq!(none, "no aggregate of `conformance-totals` is parked\n");

    let letters = [&["dead-letters", "list", "conformance-counts"], place].concat();
    assert_eq!(es(folder, &letters, true), LETTERS);
    let one = es(folder, &[&letters, &["--limit", "1"][..]].concat(), true);
    assert!(one.contains(" 17: ") && !one.contains(" 19: ") && one.contains("see `--limit`"), "{one}");

    let unknown = es(folder, &[&["projection", "parked", "conformance-count"], place].concat(), false);
    assert!(
        unknown.contains("knows no projection `conformance-count`: it has conformance-counts, "),
        "{unknown}"
    );
}

#[tokio::test]
async fn a_closed_file_is_read_and_nothing_changes() {
    let folder = tempfile::tempdir().unwrap();
    closed(&folder.path().join("views.db")).await;
    let before = everything(folder.path());
    assert_eq!(before.keys().collect::<Vec<_>>(), ["views.db"]);
    tells(folder.path(), &["--sqlite", "views.db"]);
    assert!(everything(folder.path()) == before, "the same bytes, and no file beside them");
}

/// What is only in the log is seen, too, and the service's files stay as they are.
#[tokio::test]
async fn beside_a_running_service() {
    let folder = tempfile::tempdir().unwrap();
    let service = SqlRepository::open(folder.path().join("views.db")).await.unwrap();
    fill(&service).await;
    let stored = |name| fs::read(folder.path().join(name)).unwrap();
    let before = (stored("views.db"), stored("views.db-wal"));
    assert!(!before.1.is_empty());
    tells(folder.path(), &["--sqlite", "views.db"]);
    assert!((stored("views.db"), stored("views.db-wal")) == before);
    assert_eq!(everything(folder.path()).len(), 3, "the file, its log, and the log's index");
    // It had no lock that would have outlived it.
    assert_eq!(Repository::<Counts>::begin_filling(&service).await.unwrap(), 2);
}

/// A process that was killed leaves its log behind, with what was not copied back yet.
#[tokio::test]
async fn what_a_crash_left_behind() {
    let (folder, copy) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = SqlRepository::open(folder.path().join("views.db")).await.unwrap();
    fill(&service).await;
    for name in ["views.db", "views.db-wal"] {
        fs::copy(folder.path().join(name), copy.path().join(name)).unwrap();
    }
    let before = everything(copy.path());
    tells(copy.path(), &["--sqlite", "views.db"]);
    let mut after = everything(copy.path());
    after.remove("views.db-shm");
    assert!(after == before, "all but the log's index, which SQLite makes anew");
}

/// After a take-over the new rows are meant, under their own name in the tables.
#[tokio::test]
async fn the_generation_that_serves_is_the_one_that_is_meant() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("views.db");
    let views = SqlRepository::open(&file).await.unwrap();
    Repository::<Totals>::prepare(&views).await.unwrap();
    let generation = Repository::<Totals>::begin_filling(&views).await.unwrap();
    let filling = Repository::<Totals>::at_generation(&views, generation).unwrap();
    let batch = es_core::repository::Batch {
        dead_letters: vec![es_core::repository::DeadLetter {
            partition: "p".into(),
            offset: 5,
            bytes: b"new".to_vec(),
            reason: "?".to_owned(),
        }],
        ..Default::default()
    };
    Repository::<Totals>::apply(&filling, &Totals, &batch).await.unwrap();
    Repository::<Totals>::take_over(&views, generation).await.unwrap();
    drop((views, filling));
    at_rest(&file).await;
    let place = ["--sqlite", "views.db"];
    let letters =
        es(folder.path(), &[&["dead-letters", "list", "conformance-totals"], &place[..]].concat(), true);
    assert_eq!(letters, "p 5: ?\n    new\n");
    let list = es(folder.path(), &[&["projection", "list"], &place[..]].concat(), true);
    let cells: Vec<&str> = list.lines().last().unwrap().split_whitespace().collect();
    assert_eq!(cells, ["conformance-totals", "1", "-", "0", "0", "1"]);
}

#[tokio::test]
async fn the_database_of_a_configuration() {
    let folder = tempfile::tempdir().unwrap();
    closed(&folder.path().join("views.db")).await;
    let none = es(folder.path(), &["projection", "list"], false);
    assert!(none.contains("event-sourcing.toml cannot be read") && none.contains("--sqlite FILE"), "{none}");
    let config = |name: &str, views: &str| {
        let text = format!("store = {{ kind = \"sqlite\", sqlite.file = \"bank.db\" }}\n{views}");
        fs::write(folder.path().join(name), text).unwrap();
    };
    config("event-sourcing.toml", "views = { kind = \"sqlite\", sqlite.file = \"views.db\" }");
    tells(folder.path(), &[]);
    // The store's own file, which is not there.
    config("other.toml", "views.kind = \"sqlite\"");
    let told = es(folder.path(), &["projection", "list", "--config", "other.toml"], false);
    assert!(told.contains("\"bank.db\" does not exist"), "{told}");
    config("other.toml", "");
    let told = es(folder.path(), &["projection", "list", "--config", "other.toml"], false);
    assert!(told.contains("set `views.kind`"), "{told}");
}

#[tokio::test]
async fn what_is_not_there_is_named_and_not_made() {
    let folder = tempfile::tempdir().unwrap();
    let list = |good| es(folder.path(), &["projection", "list", "--sqlite", "views.db"], good);
    let told = list(false);
    assert!(told.contains("\"views.db\" does not exist: check the name"), "{told}");
    assert!(everything(folder.path()).is_empty());
    let file = folder.path().join("views.db");
    fs::write(&file, "").unwrap();
    let told = list(false);
    assert!(told.contains("views.db has no tables for views"), "{told}");
    assert_eq!((fs::read(&file).unwrap(), everything(folder.path()).len()), (Vec::new(), 1));
    fs::write(&file, "no database, but a text that is long enough to have a header".repeat(9)).unwrap();
    let told = list(false);
    assert!(told.contains("views.db cannot be read: ") && told.contains("not a database"), "{told}");

    fs::remove_file(&file).unwrap();
    drop(SqliteEventStore::open(&file).await.unwrap());
    at_rest(&file).await;
    let told = list(false);
    assert!(told.contains("views.db has no tables for views"), "only those of a store: {told}");
    let views = SqlRepository::open(&file).await.unwrap();
    assert_eq!(list(true), "views.db has no projections yet\n");
    drop(views);
}

#[cfg(not(feature = "postgres"))]
#[test]
fn what_this_build_lacks_is_named() {
    let mut command =
        cargo_es(&["projection", "list", "--postgres", "postgres://ann:hunter2@localhost/bank"]);
    let told = printed(&mut command, false);
    assert!(told.contains("--features postgres") && !told.contains("hunter2"), "{told}");
}

/// Needs PostgreSQL: that of the stack, or of `ES_POSTGRES_URL`.
#[cfg(feature = "postgres")]
mod on_server {
    use es_sql::{
        PostgresRepository,
        sqlx::{self, AssertSqlSafe, Connection, PgConnection},
    };

    use super::*;

    #[tokio::test]
    async fn views_in_postgresql() {
        let url = std::env::var("ES_POSTGRES_URL");
        let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:54320/postgres".to_owned());
        let schema = format!("es_cli_{}", uuid::Uuid::now_v7().simple());
        let mut admin = PgConnection::connect(&url).await.unwrap();
        let run = async |admin: &mut PgConnection, sql: String| {
            sqlx::raw_sql(AssertSqlSafe(sql)).execute(admin).await.unwrap();
        };
        let folder = tempfile::tempdir().unwrap();
        let place = ["--postgres", &*url, "--schema", &*schema];
        let list = [&["projection", "list"], &place[..]].concat();
        let missing = es(folder.path(), &list, false);
        run(&mut admin, format!("CREATE SCHEMA {schema}")).await;
        let empty = es(folder.path(), &list, false);
        let views = PostgresRepository::connect(&url, Some(&schema)).await.unwrap();
        fill(&views).await;
        // As another user may be, who may only read.
        run(&mut admin, format!("CREATE ROLE {schema} LOGIN; GRANT USAGE ON SCHEMA {schema} TO {schema}"))
            .await;
        run(&mut admin, format!("GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {schema}")).await;
        let reader = url.replacen("postgres@", &format!("{schema}:hunter2@"), 1);
        let told = std::panic::catch_unwind(|| {
            tells(folder.path(), &place);
            tells(folder.path(), &["--postgres", &reader, "--schema", &schema]);
        });
        run(&mut admin, format!("DROP SCHEMA {schema} CASCADE; DROP OWNED BY {schema}; DROP ROLE {schema}"))
            .await;
        told.unwrap();
        for text in [missing, empty] {
            assert!(text.contains(&format!("schema {schema} has no tables for views")), "{text}");
        }
    }
}
