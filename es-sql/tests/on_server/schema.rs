//! Making the tables: by whom, how often at once, and what is refused.

use es_core::{
    repository::{Repository, RepositoryError},
    testing::conformance::{Counts, RepositoryFixture},
};
use es_sql::{
    PostgresRepository, PrepareError,
    sqlx::{self, AssertSqlSafe, postgres::PgPoolOptions},
};

use super::{
    Database,
    database::{administrator, run, server},
};

async fn prepare(repository: &PostgresRepository) -> Result<(), RepositoryError> {
    Repository::<Counts>::prepare(repository).await
}

/// What it says when it is not ready.
async fn refusal(repository: &PostgresRepository) -> PrepareError {
    match prepare(repository).await.unwrap_err() {
        RepositoryError::Unavailable(source) | RepositoryError::Unfit { source, .. } => {
            *source.downcast().unwrap()
        }
        other => panic!("{other}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_may_make_the_tables_at_once() {
    let database = Database::new().await;
    let opens = (0..16).map(|_| {
        let repository = PostgresRepository::new(&database.pool(1));
        tokio::spawn(async move { prepare(&repository).await })
    });
    for open in opens.collect::<Vec<_>>() {
        open.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_newer_schema_is_refused_by_name() {
    let database = Database::new().await;
    prepare(&database.open().await).await.unwrap();
    run(&mut database.connection().await, "UPDATE es_settings SET value = '2'".to_owned()).await;
    let error = refusal(&database.open().await).await;
    assert!(matches!(&error, PrepareError::NewerSchema { found, known: "1" } if found == "2"), "{error}");
    assert!(error.to_string().contains("deploy the newer code"), "{error}");
}

/// Who may not make tables works with those that somebody else made, and says what is missing before.
#[tokio::test]
async fn a_service_without_the_right_to_make_tables() {
    let database = Database::new().await;
    let (name, mut owner) = (&database.name, database.connection().await);
    run(&mut owner, format!("CREATE ROLE {name} LOGIN; GRANT USAGE ON SCHEMA {name} TO {name}")).await;
    let pool =
        PgPoolOptions::new().max_connections(2).connect_lazy_with(database.options.clone().username(name));
    let service = PostgresRepository::new(&pool);
    let error = refusal(&service).await;
    assert!(error.to_string().contains("permission denied"), "{error}");

    sqlx::raw_sql(PostgresRepository::SCHEMA).execute(&mut owner).await.unwrap();
    let grant = format!("GRANT SELECT, INSERT, UPDATE ON ALL TABLES IN SCHEMA {name} TO {name}");
    run(&mut owner, grant).await;
    prepare(&service).await.unwrap();
    let (a, b) = (database.open().await, service.clone());
    es_core_case(a, b).await;
    pool.close().await;
    run(&mut owner, format!("DROP OWNED BY {name}; DROP ROLE {name}")).await;
}

/// The service does all that a projection needs.
async fn es_core_case(owner: PostgresRepository, service: PostgresRepository) {
    crate::listeners::zombie_and_owner(owner, service).await;
}

#[tokio::test]
async fn a_database_that_cannot_keep_every_text_is_refused() {
    let name = format!("es_test_{}", uuid::Uuid::now_v7().simple());
    let mut administrator = administrator().await;
    let make = format!("CREATE DATABASE {name} ENCODING 'LATIN1' LOCALE 'C' TEMPLATE template0");
    sqlx::query(AssertSqlSafe(make)).execute(&mut administrator).await.unwrap();
    let pool = PgPoolOptions::new().connect_lazy_with(server().database(&name));
    let error = refusal(&PostgresRepository::new(&pool)).await;
    pool.close().await;
    let drop = sqlx::query(AssertSqlSafe(format!("DROP DATABASE {name} WITH (FORCE)")));
    drop.execute(&mut administrator).await.unwrap();
    assert!(matches!(&error, PrepareError::Encoding { encoding } if encoding == "LATIN1"), "{error}");
}
