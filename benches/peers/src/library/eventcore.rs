//! eventcore. Each command reads its stream, or the last state that was kept and what followed.

use std::{path::Path, sync::Arc};

use eventcore::{
    Command, CommandError, CommandLogic, Event, NewEvents, RetryPolicy, StreamId, collect_events, execute,
    postgres::PostgresEventStore,
};
use eventcore_memory::InMemoryEventStore;
use eventcore_sqlite::{SqliteEventStore, rusqlite};
use eventcore_types::{CommandStateSnapshotId, EventStore};
use serde::{Deserialize, Serialize};

use crate::{
    Error,
    load::{AMOUNT, Library, REFERENCE},
    storage::Schema,
};

struct Eventcore<S> {
    store: Arc<S>,
    /// Whether commands ask for kept states.
    keeps: bool,
}

impl<S> Clone for Eventcore<S> {
    fn clone(&self) -> Self {
        Self { store: self.store.clone(), keeps: self.keeps }
    }
}

pub(crate) fn memory() -> impl Library {
    Eventcore { store: Arc::new(InMemoryEventStore::new()), keeps: false }
}

pub(crate) async fn sqlite(path: &Path, keeps: bool) -> Result<impl Library, Error> {
    let connection = rusqlite::Connection::open(path)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.pragma_update(None, "synchronous", "FULL")?;
    let store = SqliteEventStore::from_connection(connection);
    store.migrate().await?;
    Ok(Eventcore { store: Arc::new(store), keeps })
}

pub(crate) async fn postgres(schema: &Schema, keeps: bool) -> Result<impl Library, Error> {
    let store = PostgresEventStore::from_pool(schema.pool().await?);
    store.migrate().await;
    Ok(Eventcore { store: Arc::new(store), keeps })
}

impl<S: EventStore + Send + Sync + 'static> Library for Eventcore<S> {
    async fn deposit(&self, id: &str, times: u64) -> Result<(), Error> {
        let account = StreamId::try_new(id.to_owned())?;
        let command = Deposit { account, amount: AMOUNT, reference: REFERENCE, times, keeps: self.keeps };
        execute(&*self.store, command, RetryPolicy::new()).await?;
        Ok(())
    }

    async fn stored(&self, id: &str) -> Result<u64, Error> {
        let stream = self.store.read_stream::<Deposited>(StreamId::try_new(id.to_owned())?).await?;
        Ok(collect_events(stream).await?.len() as u64)
    }
}

#[derive(Clone, Debug, Serialize, Deserialize)]
struct Deposited {
    account: StreamId,
    amount: u64,
    reference: String,
}

impl Event for Deposited {
    fn stream_id(&self) -> &StreamId {
        &self.account
    }

    fn event_type_name() -> &'static str {
        "account.deposited"
    }
}

#[derive(Clone, Command)]
struct Deposit {
    #[stream]
    account: StreamId,
    amount: u64,
    reference: &'static str,
    times: u64,
    keeps: bool,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
struct Account {
    balance: u64,
}

impl CommandLogic for Deposit {
    type Event = Deposited;
    type State = Account;

    fn apply(&self, state: Account, event: &Deposited) -> Account {
        Account { balance: state.balance + event.amount }
    }

    fn handle(&self, state: Account) -> Result<NewEvents<Deposited>, CommandError> {
        if state.balance.checked_add(self.amount).is_none() {
            return Err(CommandError::from("the balance would leave 64 bits".to_owned()));
        }
        let event = || Deposited {
            account: self.account.clone(),
            amount: self.amount,
            reference: self.reference.to_owned(),
        };
        Ok((0..self.times).map(|_| event()).collect::<Vec<_>>().into())
    }

    fn command_state_snapshot_id(&self) -> Option<CommandStateSnapshotId> {
        self.keeps.then(|| CommandStateSnapshotId::try_new(format!("account::{}", self.account)).ok())?
    }

    fn serialize_command_state_snapshot(&self, state: &Account) -> Result<serde_json::Value, CommandError> {
        serde_json::to_value(state).map_err(|error| CommandError::from(error.to_string()))
    }

    fn deserialize_command_state_snapshot(&self, state: serde_json::Value) -> Result<Account, CommandError> {
        serde_json::from_value(state).map_err(|error| CommandError::from(error.to_string()))
    }
}
