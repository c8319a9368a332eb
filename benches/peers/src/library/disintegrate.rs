//! disintegrate, which keeps events in PostgreSQL alone. Each decision queries the events of its account.

use disintegrate::{
    Decision, Event, NoSnapshot, SnapshotConfig, StateMutate, StateQuery, WithSnapshot, serde::json::Json,
};
use disintegrate_postgres::{PgDecisionMaker, PgEventStore, PgSnapshotter, WithPgSnapshot};
use serde::{Deserialize, Serialize};
use sqlx::PgPool;

use crate::{
    Error,
    load::{AMOUNT, Library, REFERENCE},
    storage::Schema,
};

const SNAPSHOT_EVERY: u64 = 100;

type Maker<S> = PgDecisionMaker<DomainEvent, Json<DomainEvent>, S>;

#[derive(Clone)]
struct Disintegrate<S: SnapshotConfig + Clone> {
    maker: Maker<S>,
    pool: PgPool,
}

async fn open<S: SnapshotConfig + Clone>(pool: PgPool, snapshots: S) -> Result<Disintegrate<S>, Error> {
    let store = PgEventStore::try_new(pool.clone(), Json::<DomainEvent>::default()).await?;
    Ok(Disintegrate { maker: disintegrate_postgres::decision_maker(store, snapshots), pool })
}

pub(crate) async fn postgres(schema: &Schema) -> Result<impl Library, Error> {
    let opened: Disintegrate<NoSnapshot> = open(schema.pool().await?, NoSnapshot).await?;
    Ok(opened)
}

pub(crate) async fn with_snapshots(schema: &Schema) -> Result<impl Library, Error> {
    let pool = schema.pool().await?;
    let snapshots = PgSnapshotter::try_new(pool.clone(), SNAPSHOT_EVERY).await?;
    let opened: Disintegrate<WithPgSnapshot> = open(pool, WithSnapshot::new(snapshots)).await?;
    Ok(opened)
}

async fn stored(pool: &PgPool, id: &str) -> Result<u64, Error> {
    let count = "SELECT count(*) FROM event WHERE account_id = $1";
    let count: i64 = sqlx::query_scalar(count).bind(id).fetch_one(pool).await?;
    Ok(count.cast_unsigned())
}

impl Library for Disintegrate<NoSnapshot> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        self.maker.make(Deposit::new(id, times)).await?;
        Ok(())
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        stored(&self.pool, id).await
    }
}

impl Library for Disintegrate<WithPgSnapshot> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        self.maker.make(Deposit::new(id, times)).await?;
        Ok(())
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        stored(&self.pool, id).await
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Event, Serialize, Deserialize)]
#[stream(AccountEvent, [Deposited])]
enum DomainEvent {
    Deposited {
        #[id]
        account_id: String,
        amount: u64,
        reference: String,
    },
}

#[derive(Clone, Default, StateQuery, Serialize, Deserialize)]
#[state_query(AccountEvent)]
struct Account {
    #[id]
    account_id: String,
    balance: u64,
}

impl StateMutate for Account {
    fn mutate(&mut self, event: Self::Event) {
        let AccountEvent::Deposited { amount, .. } = event;
        self.balance += amount;
    }
}

struct Deposit {
    account_id: String,
    times: u64,
}

impl Deposit {
    fn new(id: &str, times: u64) -> Self {
        Self { account_id: id.to_owned(), times }
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

impl Decision for Deposit {
    type Event = DomainEvent;
    type StateQuery = Account;
    type Error = TooRich;

    fn state_query(&self) -> Account {
        Account { account_id: self.account_id.clone(), balance: 0 }
    }

    fn process(&self, account: &Account) -> Result<Vec<DomainEvent>, TooRich> {
        if account.balance.checked_add(AMOUNT).is_none() {
            return Err(TooRich);
        }
        let event = || DomainEvent::Deposited {
            account_id: self.account_id.clone(),
            amount: AMOUNT,
            reference: REFERENCE.to_owned(),
        };
        Ok((0..self.times).map(|_| event()).collect())
    }
}
