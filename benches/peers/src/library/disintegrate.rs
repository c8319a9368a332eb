//! disintegrate, which keeps events in PostgreSQL alone. Each decision queries the events of its account.
//!
//! Its transactions are serializable, and one that PostgreSQL refuses is the caller's to make again.

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

/// What its `PgEventStore::try_new` makes, but for a number that is hexadecimal there: PostgreSQL 15 reads none.
const TABLES: &str = "
CREATE SEQUENCE seq_event_event_id;
CREATE TABLE event (
    event_id BIGINT PRIMARY KEY DEFAULT nextval('seq_event_event_id'),
    event_type VARCHAR(255), payload BYTEA, inserted_at TIMESTAMP DEFAULT now(), account_id TEXT
);
CREATE INDEX idx_event_type_btree ON event(event_type);
CREATE INDEX idx_event_account_id_btree ON event(account_id) WHERE account_id IS NOT NULL;
CREATE FUNCTION event_store_current_epoch() RETURNS BIGINT AS $$
DECLARE persisted_event_id BIGINT; pending_event_id BIGINT; db_id INT;
BEGIN
    SELECT COALESCE(MAX(event_id), 0) INTO persisted_event_id FROM event;
    SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
    SELECT MIN((l3.objid::bigint << 32) + l2.objid::bigint) INTO pending_event_id
    FROM pg_locks l1 INNER JOIN pg_locks l2 ON l1.pid = l2.pid INNER JOIN pg_locks l3 ON l1.pid = l3.pid
    WHERE l1.classid = db_id AND l2.classid = 1 AND l3.classid = 2 AND l1.locktype = 'advisory';
    RETURN LEAST(COALESCE(pending_event_id, persisted_event_id), persisted_event_id);
END;
$$ LANGUAGE plpgsql;
CREATE FUNCTION event_store_begin_epoch() RETURNS void AS $$
DECLARE id BIGINT; db_id INT;
BEGIN
    SELECT last_value INTO id FROM seq_event_event_id;
    SELECT oid INTO db_id FROM pg_database WHERE datname = current_database();
    PERFORM pg_try_advisory_xact_lock_shared(db_id, 0);
    PERFORM pg_try_advisory_xact_lock_shared(1, (id & 4294967295)::bit(32)::integer);
    PERFORM pg_try_advisory_xact_lock_shared(2, (id >> 32)::bit(32)::integer);
END;
$$ LANGUAGE plpgsql;";

/// How often a command is made again. Accounts do not share events, but PostgreSQL cannot always tell.
const TRIES: usize = 100;

async fn open<S: SnapshotConfig + Clone>(pool: PgPool, snapshots: S) -> Result<Disintegrate<S>, Error> {
    sqlx::raw_sql(TABLES).execute(&pool).await?;
    let store = PgEventStore::new_uninitialized(pool.clone(), Json::<DomainEvent>::default());
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
        let mut tries = 1;
        while let Err(error) = self.maker.make(Deposit::new(id, times)).await {
            if tries == TRIES {
                return Err(error.into());
            }
            tries += 1;
        }
        Ok(())
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        stored(&self.pool, id).await
    }
}

impl Library for Disintegrate<WithPgSnapshot> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        let mut tries = 1;
        while let Err(error) = self.maker.make(Deposit::new(id, times)).await {
            if tries == TRIES {
                return Err(error.into());
            }
            tries += 1;
        }
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
