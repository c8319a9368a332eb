use es_sql::sqlx::{
    self, AssertSqlSafe, ConnectOptions, Connection, PgConnection, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

/// A schema of its own in the server's database, dropped at its end.
pub(super) struct Database {
    pub(super) name: String,
    pub(super) options: PgConnectOptions,
}

/// The server, as its owner.
pub(super) fn server() -> PgConnectOptions {
    let url = std::env::var("ES_POSTGRES_URL");
    let url = url.unwrap_or_else(|_| "postgres://postgres@127.0.0.1:54320/postgres".to_owned());
    url.parse::<PgConnectOptions>().unwrap().disable_statement_logging()
}

pub(super) async fn administrator() -> PgConnection {
    let connected = PgConnection::connect_with(&server()).await;
    connected.expect("PostgreSQL is missing: run `cargo xtask stack up --postgres`, or set ES_POSTGRES_URL")
}

pub(super) async fn run(connection: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(connection).await.unwrap();
}

impl Database {
    pub(super) async fn new() -> Self {
        let name = format!("es_test_{}", uuid::Uuid::now_v7().simple());
        run(&mut administrator().await, format!("CREATE SCHEMA {name}")).await;
        let options = server().options([("search_path", &name)]).application_name(&name);
        Self { name, options }
    }

    pub(super) fn pool(&self, connections: u32) -> PgPool {
        let options = PgPoolOptions::new().max_connections(connections);
        options.connect_lazy_with(self.options.clone())
    }

    pub(super) async fn connection(&self) -> PgConnection {
        PgConnection::connect_with(&self.options).await.unwrap()
    }
}

impl Drop for Database {
    fn drop(&mut self) {
        let name = self.name.clone();
        // A runtime of its own, in a thread of its own: the test's may be ending.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut connection = administrator().await;
                let ended = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name";
                run(&mut connection, format!("{ended} = '{name}'; DROP SCHEMA {name} CASCADE")).await;
            });
        });
        if dropped.join().is_err() {
            eprintln!("schema {} was left behind", self.name);
        }
    }
}
