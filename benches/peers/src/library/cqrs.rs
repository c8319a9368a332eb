//! cqrs-es over its own repositories, sqlite-es and postgres-es. It keeps nothing in memory: each command reads
//! the account.

use std::{future::Future, path::Path, sync::Arc};

use cqrs_es::{
    Aggregate, CqrsFramework, DomainEvent,
    event_sink::EventSink,
    persist::{PersistedEventRepository, PersistedEventStore},
};
use postgres_es::PostgresEventRepository;
use serde::{Deserialize, Serialize};
use sqlite_es::SqliteEventRepository;
use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error,
    load::{AMOUNT, Library, REFERENCE},
    storage::Schema,
};

/// What it reads for a command: the whole stream, which is its default, or the state that it keeps beside it.
pub(crate) enum Mode {
    Replay,
    Aggregate,
}

/// The tables that both of its repositories ask for.
const TABLES: &str = "
CREATE TABLE events (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL, sequence bigint NOT NULL CHECK (sequence >= 0),
    event_type text NOT NULL, event_version text NOT NULL, payload JSON NOT NULL, metadata JSON NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, sequence)
);
CREATE TABLE snapshots (
    aggregate_type text NOT NULL, aggregate_id text NOT NULL,
    last_sequence bigint NOT NULL CHECK (last_sequence >= 0),
    current_snapshot bigint NOT NULL CHECK (current_snapshot >= 0), payload JSON NOT NULL,
    PRIMARY KEY (aggregate_type, aggregate_id, last_sequence)
);";
const COUNT: &str = "SELECT count(*) FROM events WHERE aggregate_id = $1";

pub(crate) async fn sqlite(path: &Path, mode: Mode) -> Result<impl Library, Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    // One connection: with several, those that write poll for each other.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    // Its own column types are stricter names of the same storage classes.
    sqlx::raw_sql(&TABLES.replace("JSON", "text").replace("bigint", "integer")).execute(&pool).await?;
    let count = {
        let pool = pool.clone();
        move |id| count_in_sqlite(pool.clone(), id)
    };
    Ok(Cqrs::new(SqliteEventRepository::new(pool), mode, count))
}

async fn count_in_sqlite(pool: SqlitePool, id: String) -> Result<i64, sqlx::Error> {
    sqlx::query_scalar(COUNT).bind(id).fetch_one(&pool).await
}

pub(crate) async fn postgres(schema: &Schema, mode: Mode) -> Result<impl Library, Error> {
    let pool = schema.pool().await?;
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    let count = {
        let pool = pool.clone();
        move |id: String| {
            let pool = pool.clone();
            async move { sqlx::query_scalar(COUNT).bind(id).fetch_one(&pool).await }
        }
    };
    Ok(Cqrs::new(PostgresEventRepository::new(pool), mode, count))
}

struct Cqrs<R: PersistedEventRepository, C> {
    framework: Arc<CqrsFramework<Account, PersistedEventStore<R, Account>>>,
    count: C,
}

impl<R: PersistedEventRepository, C: Clone> Clone for Cqrs<R, C> {
    fn clone(&self) -> Self {
        Self { framework: self.framework.clone(), count: self.count.clone() }
    }
}

impl<R: PersistedEventRepository, C> Cqrs<R, C> {
    fn new(repository: R, mode: Mode, count: C) -> Self {
        let store = match mode {
            Mode::Replay => PersistedEventStore::new_event_store(repository),
            Mode::Aggregate => PersistedEventStore::new_aggregate_store(repository),
        };
        Self { framework: Arc::new(CqrsFramework::new(store, Vec::new(), ())), count }
    }
}

impl<R, C, F> Library for Cqrs<R, C>
where
    R: PersistedEventRepository + Send + Sync + 'static,
    C: Fn(String) -> F + Clone + Send + Sync + 'static,
    F: Future<Output = Result<i64, sqlx::Error>> + Send,
{
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        let deposit = Deposit { amount: AMOUNT, reference: REFERENCE.to_owned(), times };
        Ok(self.framework.execute(id, deposit).await?)
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        Ok((self.count)(id.to_owned()).await?.cast_unsigned())
    }
}

struct Deposit {
    amount: u64,
    reference: String,
    times: u64,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum AccountEvent {
    Deposited { amount: u64, reference: String },
}

impl DomainEvent for AccountEvent {
    fn event_type(&self) -> String {
        "deposited".to_owned()
    }

    fn event_version(&self) -> String {
        "1".to_owned()
    }
}

#[derive(Debug)]
struct TooRich;

impl std::fmt::Display for TooRich {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("the balance would leave 64 bits")
    }
}

impl std::error::Error for TooRich {}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Account {
    balance: u64,
}

impl Aggregate for Account {
    const TYPE: &'static str = "account";
    type Command = Deposit;
    type Event = AccountEvent;
    type Error = TooRich;
    type Services = ();

    async fn handle(&mut self, command: Deposit, _: &(), sink: &EventSink<Self>) -> Result<(), TooRich> {
        let Deposit { amount, reference, times } = command;
        if self.balance.checked_add(amount).is_none() {
            return Err(TooRich);
        }
        for _ in 0..times {
            sink.write(AccountEvent::Deposited { amount, reference: reference.clone() }, self).await;
        }
        Ok(())
    }

    fn apply(&mut self, event: AccountEvent) {
        let AccountEvent::Deposited { amount, .. } = event;
        self.balance += amount;
    }
}
