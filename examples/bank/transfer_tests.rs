use super::*;
use crate::{
    account::{Close, Deposit, Open},
    views::{Balances, OpenTransfers},
};
use event_sourcing::{
    snapshot::Snapshot,
    store::{AppendError, Commit, EventStore, HeadPage, Page, ReadError, StreamId, Version},
    testing::given,
};
use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

const T: TransferId = TransferId::from_u128(7);

/// A store that takes `left` more commits, and then is out of reach for those who write.
struct Dying {
    store: MemoryEventStore,
    left: AtomicUsize,
    /// Whether the first commit that it does not acknowledge is kept all the same.
    keeps: bool,
}

impl EventStore for Dying {
    type Feed = <MemoryEventStore as EventStore>::Feed;

    async fn append(&self, commit: Arc<Commit>) -> Result<(), AppendError> {
        let left = self.left.fetch_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1));
        match left {
            Ok(1) if self.keeps => {
                self.store.append(commit).await?;
                Err(AppendError::OutcomeUnknown("it died".into()))
            }
            Ok(_) => self.store.append(commit).await,
            Err(_) => Err(AppendError::Unavailable("it is dead".into())),
        }
    }
    async fn read(&self, stream: &StreamId, from: u64, limit: usize) -> Result<Page, ReadError> {
        self.store.read(stream, from, limit).await
    }
    async fn head(&self, stream: &StreamId) -> Result<Version, ReadError> {
        self.store.head(stream).await
    }
    async fn heads(&self, category: &str, after: Option<&str>, limit: usize) -> Result<HeadPage, ReadError> {
        self.store.heads(category, after, limit).await
    }
    async fn save_snapshot(&self, snapshot: Snapshot) -> Result<(), ReadError> {
        self.store.save_snapshot(snapshot).await
    }
    async fn load_snapshot(&self, stream: &StreamId, print: u64) -> Result<Option<Snapshot>, ReadError> {
        self.store.load_snapshot(stream, print).await
    }
    fn feed(&self) -> Option<Self::Feed> {
        self.store.feed()
    }
}

async fn app(store: impl EventStore) -> App {
    let views = MemoryRepository::new();
    let builder = App::builder(store).projection(Balances, views.clone()).projection(OpenTransfers, views);
    let app = builder.start().await.unwrap();
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    app
}

/// Ann has 10, Bob 1; Cid has closed.
async fn bank() -> MemoryEventStore {
    let store = MemoryEventStore::new();
    let app = app(store.clone()).await;
    for (id, amount) in [("ann", 10), ("bob", 1), ("cid", 0)] {
        let id = id.to_owned();
        app.execute(&id, Open { owner: id.clone() }).await.unwrap();
        app.execute(&id, Deposit { amount }).await.unwrap();
    }
    app.execute(&"cid".to_owned(), Close).await.unwrap();
    store
}

fn terms(to: &str, amount: u64) -> Requested {
    Requested { from: "ann".to_owned(), to: to.to_owned(), amount }
}

async fn transfer(app: &App, terms: Requested) -> Result<(bool, Driven), DriveError> {
    let recorded = start(app, T, terms, CommandMetadata::default()).await?;
    Ok((recorded, drive(app, T).await?))
}

/// The balances of Ann, Bob and Cid; nothing is on hold.
async fn balances(app: &App) -> [u64; 3] {
    let mut balances = [0; 3];
    for (balance, id) in balances.iter_mut().zip(["ann", "bob", "cid"]) {
        let account = app.load::<Account>(&id.to_owned()).await.unwrap().state;
        assert_eq!(account.held(), 0, "{id}");
        *balance = account.balance;
    }
    balances
}

/// What a transfer on these terms comes to.
fn expected(to: &str, amount: u64) -> (Outcome, [u64; 3]) {
    match to {
        _ if amount > 10 => (Err(AccountError::Insufficient { balance: 10 }), [10, 1, 0]),
        "bob" => (Ok(()), [10 - amount, 1 + amount, 0]),
        _ => (Err(AccountError::Closed), [10, 1, 0]),
    }
}

#[tokio::test]
async fn money_arrives_or_stays_and_a_repetition_changes_nothing() {
    for (to, amount) in [("bob", 10), ("bob", 11), ("cid", 3)] {
        let app = app(bank().await).await;
        let (outcome, after) = expected(to, amount);
        for repeated in [false, true] {
            let (recorded, driven) = transfer(&app, terms(to, amount)).await.unwrap();
            assert_eq!((recorded, &driven.outcome), (repeated, &outcome), "{amount} to {to}");
            assert_eq!(balances(&app).await, after, "{amount} to {to}");
        }
    }
}

#[tokio::test]
async fn whatever_commit_is_the_last_the_next_process_ends_it() {
    for (to, amount, commits) in [("bob", 4, 5), ("bob", 11, 3), ("cid", 4, 5)] {
        for (last, keeps) in (1..=commits).flat_map(|last| [(last, true), (last, false)]) {
            let store = bank().await;
            let dying = Dying { store: store.clone(), left: AtomicUsize::new(last), keeps };
            let died = transfer(&app(dying).await, terms(to, amount)).await;
            assert_eq!(died.is_err(), last < commits || keeps, "{amount} to {to}, {last} commits");

            let app = app(store).await;
            assert_eq!(drive_open(&app).await.unwrap(), usize::from(last < commits));
            let transfer = app.load::<Transfer>(&T).await.unwrap().state;
            let (outcome, after) = expected(to, amount);
            assert_eq!(transfer.outcome, Some(outcome), "{amount} to {to}, {last} commits");
            assert_eq!(balances(&app).await, after, "{amount} to {to}, {last} commits");
            app.caught_up(Duration::from_secs(60)).await.unwrap();
            assert!(app.query(GetOpenTransfers).await.unwrap().is_empty());
        }
    }
}

#[tokio::test]
async fn a_no_stays_a_no_for_the_driver_that_comes_later() {
    let store = bank().await;
    // The request and Ann's no are stored; how the transfer ends is not.
    let dying = Dying { store: store.clone(), left: AtomicUsize::new(2), keeps: false };
    transfer(&app(dying).await, terms("bob", 11)).await.unwrap_err();

    let app = app(store).await;
    app.execute(&"ann".to_owned(), Deposit { amount: 90 }).await.unwrap();
    assert_eq!(drive(&app, T).await.unwrap().outcome, expected("bob", 11).0);
    assert_eq!(balances(&app).await, [100, 1, 0]);
}

#[tokio::test]
async fn many_drivers_of_one_transfer_come_to_one_end() {
    let app = app(bank().await).await;
    start(&app, T, terms("bob", 4), CommandMetadata::default()).await.unwrap();
    let drivers: Vec<_> = (0..16)
        .map(|_| {
            let app = app.clone();
            tokio::spawn(async move { drive(&app, T).await })
        })
        .collect();
    for driver in drivers {
        assert_eq!(driver.await.unwrap().unwrap().outcome, Ok(()));
    }
    assert_eq!(balances(&app).await, [6, 5, 0]);
}

#[tokio::test]
async fn what_cannot_be_a_transfer_is_none() {
    let app = app(bank().await).await;
    let unknown = transfer(&app, terms("eve", 1)).await.unwrap_err();
    assert_eq!(unknown.to_string(), "there is no account `eve`");
    assert!(matches!(drive(&app, T).await, Err(DriveError::NoTransfer(T))));
    transfer(&app, terms("bob", 1)).await.unwrap();
    assert!(matches!(transfer(&app, terms("bob", 2)).await, Err(DriveError::OtherTerms(T))));
    assert_eq!(balances(&app).await, [9, 2, 0]);
}

#[tokio::test]
async fn the_senders_correlation_is_kept_on_every_step() {
    let app = app(bank().await).await;
    start(&app, T, terms("bob", 1), CommandMetadata::default().correlation("c-1")).await.unwrap();
    drive(&app, T).await.unwrap();
    let history = app.history::<Account>(&"bob".to_owned(), 3, 1).await.unwrap();
    let said = &history.events[0].metadata.command;
    assert_eq!(said.correlation_id.as_deref(), Some("c-1"));
    assert_eq!(said.causation_id, Some(format!("transfer/{T}")));
}

#[test]
fn a_transfer_ends_once() {
    given::<Transfer>(terms("bob", 1)).when_now(End(Ok(()))).then_events(Completed);
    let refused = Refused { reason: AccountError::Closed };
    given::<Transfer>(terms("bob", 1)).when_now(End(Err(AccountError::Closed))).then_events(refused);
    let ended = given::<Transfer>((terms("bob", 1), Completed));
    ended.when_now(End(Err(AccountError::Closed))).then_refused(TransferError::NotOpen);
    given::<Transfer>(()).when_now(End(Ok(()))).then_refused(TransferError::NotOpen);
    given::<Transfer>(terms("bob", 1)).when_now(Request(terms("bob", 2))).then_already_exists();
}
