//! evento, with states kept in memory: the write model of its guide, and the nearest to our cache.

use std::path::Path;

use evento::{Executor, Projection, ProjectionAggregate, metadata::Event};
use sqlx_evento::{
    PgPool, Row, SqlitePool,
    postgres::{PgConnectOptions, PgPoolOptions},
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

use crate::{
    Error,
    load::{AMOUNT, Library, REFERENCE},
    storage::{CONNECTIONS, Schema},
};
use evento::migrator::{Migrate, Plan};

#[evento::aggregate(name = "account")]
pub(crate) enum Account {
    Deposited { amount: u64, reference: String },
}

#[evento::projection(id = id)]
#[evento::snapshot(memory)]
pub(crate) struct AccountState {
    pub(crate) id: String,
    pub(crate) balance: u64,
}

#[evento::handler]
async fn on_deposited(event: Event<Deposited>, row: &mut AccountState) -> anyhow::Result<()> {
    row.id = event.aggregate_id.to_owned();
    row.balance += event.data.amount;
    Ok(())
}

#[derive(Clone)]
struct Evento<E, P> {
    executor: E,
    pool: P,
}

const COUNT: &str = "SELECT count(*) FROM event WHERE aggregator_id = $1";

pub(crate) async fn sqlite(path: &Path) -> Result<impl Library, Error> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(true);
    let options = options.journal_mode(SqliteJournalMode::Wal).synchronous(SqliteSynchronous::Full);
    // One connection: with several, those that write poll for each other.
    let pool = SqlitePoolOptions::new().max_connections(1).connect_with(options).await?;
    let mut connection = pool.acquire().await?;
    evento::sql_migrator::new::<sqlx_evento::Sqlite>()?.run(&mut *connection, &Plan::apply_all()).await?;
    drop(connection);
    Ok(Evento { executor: evento::Sqlite::from(pool.clone()), pool })
}

pub(crate) async fn postgres(schema: &Schema) -> Result<impl Library, Error> {
    let options: PgConnectOptions = schema.url.parse()?;
    let pool = PgPoolOptions::new().max_connections(CONNECTIONS);
    let pool = pool.connect_with(options.options([("search_path", &*schema.name)])).await?;
    let mut connection = pool.acquire().await?;
    evento::sql_migrator::new::<sqlx_evento::Postgres>()?.run(&mut *connection, &Plan::apply_all()).await?;
    drop(connection);
    Ok(Evento { executor: evento::Postgres::from(pool.clone()), pool })
}

async fn deposit<E: Executor>(executor: &E, id: &str, times: u64) -> Result<(), Error> {
    let accounts = Projection::<E, AccountState>::new::<Account>().handler(on_deposited()).strict();
    let state = accounts.load(id).execute(executor).await?;
    let balance = state.as_ref().map_or(0, |state| state.balance);
    if balance.checked_add(AMOUNT).is_none() {
        return Err("the balance would leave 64 bits".into());
    }
    let mut write = match &state {
        Some(state) => state.write()?,
        None => evento::append(id).original_version(0).to_owned(),
    };
    for _ in 0..times {
        write.event(&Deposited { amount: AMOUNT, reference: REFERENCE.to_owned() });
    }
    write.commit(executor).await?;
    Ok(())
}

impl Library for Evento<evento::Sqlite, SqlitePool> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        deposit(&self.executor, id, times).await
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        let row = sqlx_evento::query(COUNT).bind(id.to_owned()).fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
    }
}

impl Library for Evento<evento::Postgres, PgPool> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        deposit(&self.executor, id, times).await
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        let row = sqlx_evento::query(COUNT).bind(id.to_owned()).fetch_one(&self.pool).await?;
        Ok(row.try_get::<i64, _>(0)?.cast_unsigned())
    }
}
