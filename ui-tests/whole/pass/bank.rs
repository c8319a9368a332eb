//! The sample of the readme, with every optional part.
use event_sourcing::prelude::*;
use event_sourcing::query::Answer;
use event_sourcing::{command, event, projection as projections};
use serde::{Deserialize, Serialize};

pub type AccountId = String;

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}
#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 1)]
pub struct DepositedV1 {
    pub amount: u32,
}
#[derive(PastEvent, Serialize, Deserialize)]
#[event("account.deposited", version = 2, from = DepositedV1)]
pub struct DepositedV2 {
    pub amount: u64,
}
impl From<DepositedV1> for DepositedV2 {
    fn from(past: DepositedV1) -> Self {
        Self { amount: past.amount.into() }
    }
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited", version = 3, from = DepositedV2)]
pub struct Deposited {
    pub amount: u64,
    pub note: Option<String>,
}
impl From<DepositedV2> for Deposited {
    fn from(past: DepositedV2) -> Self {
        Self { amount: past.amount, note: None }
    }
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.withdrawn")]
pub struct Withdrawn {
    pub amount: u64,
}
#[derive(Event, Serialize, Deserialize)]
#[event("account.closed.by_owner")]
pub struct Closed;

/// An account.
#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = AccountId, events(Opened, Deposited, Withdrawn, Closed), snapshot(every = 100))]
pub struct Account {
    open: bool,
    balance: u64,
}
impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.open = true
    }
}
impl Apply<Deposited> for Account {
    fn apply(&mut self, e: &Deposited) {
        self.balance += e.amount
    }
}
impl Apply<Withdrawn> for Account {
    fn apply(&mut self, e: &Withdrawn) {
        self.balance -= e.amount
    }
}
impl Apply<Closed> for Account {
    fn apply(&mut self, _: &Closed) {
        self.open = false
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("only {balance} left")]
    Insufficient { balance: u64 },
    #[error("the account is closed")]
    Closed,
}

pub struct Open {
    pub owner: String,
}
#[command_handler(creates = Account)]
fn open(cmd: &Open) -> Result<Opened, AccountError> {
    Ok(Opened { owner: cmd.owner.clone() })
}

pub struct Deposit {
    pub amount: u64,
}
#[command_handler]
fn deposit(account: &Account, &Deposit { amount }: &Deposit) -> Result<Option<Deposited>, AccountError> {
    require!(account.open, AccountError::Closed);
    Ok((amount > 0).then_some(Deposited { amount, note: None }))
}

pub struct Withdraw {
    pub amount: u64,
}
#[command_handler]
fn withdraw(account: &Account, cmd: &Withdraw) -> Result<Withdrawn, AccountError> {
    require!(account.balance >= cmd.amount, AccountError::Insufficient { balance: account.balance });
    Ok(Withdrawn { amount: cmd.amount })
}

pub struct Close;
#[command_handler]
fn close(account: &Account, _: &Close) -> Result<(Withdrawn, Closed), AccountError> {
    Ok((Withdrawn { amount: account.balance }, Closed))
}

pub struct FxRates {
    percent: u64,
}
pub trait Mailer: Send + Sync {
    fn send(&self, to: &str) -> usize;
}
struct Quiet;
impl Mailer for Quiet {
    fn send(&self, to: &str) -> usize {
        to.len()
    }
}
#[derive(Services)]
pub struct Services {
    fx: FxRates,
    #[provide(dyn Mailer)]
    mailer: Box<dyn Mailer>,
}

pub struct Exchange {
    pub amount: u64,
}
#[command_handler]
async fn exchange(
    account: &Account,
    cmd: &Exchange,
    fx: &FxRates,
    mail: &dyn Mailer,
    cx: &CommandContext<Account>,
) -> Result<Vec<AccountEvent>, AccountError> {
    require!(account.open, AccountError::Closed);
    tokio::task::yield_now().await;
    let note = format!("mailed {} bytes", mail.send(cx.id()));
    let amount = cmd.amount * fx.percent / 100;
    Ok(vec![Withdrawn { amount: cmd.amount }.into(), Deposited { amount, note: Some(note) }.into()])
}

#[derive(Default, Serialize, Deserialize)]
pub struct Balance {
    pub owner: String,
    pub balance: u64,
}
pub struct Balances;
#[projection("balances", view = Balance, key = AccountId)]
impl Balances {
    fn opened(view: &mut Balance, e: &Opened, _m: &Metadata) {
        view.owner = e.owner.clone();
    }
    fn deposited(view: &mut Balance, e: &Deposited) {
        view.balance += e.amount;
    }
    fn withdrawn(view: &mut Balance, e: &Withdrawn) {
        view.balance -= e.amount;
    }
}

pub struct ByOwner;
#[projection("by_owner", view = Balance, key = str, on_failure = stop, retries = 3)]
impl ByOwner {
    #[on(key = e.owner)]
    fn opened(view: &mut Balance, e: &Opened) -> Result<(), AccountError> {
        view.owner = e.owner.clone();
        if e.owner.is_empty() { Err(AccountError::Closed) } else { Ok(()) }
    }
    #[on(key = m.command.header_value("owner").unwrap_or_default())]
    fn deposited(view: &mut Balance, Deposited { amount, .. }: &Deposited, m: &Metadata) {
        view.balance += *amount + m.sequence;
    }
    #[on(key = format!("{}!", amount))]
    fn withdrawn(view: &mut Balance, Withdrawn { amount }: &Withdrawn) {
        view.balance -= amount;
    }
    #[on(aggregate_id)]
    fn closed(view: &mut Balance, _: &Closed) {
        view.balance = 0;
    }
}

pub struct GetBalance {
    pub account: AccountId,
}
#[query_handler]
async fn balance(views: &Views<Balances>, q: &GetBalance) -> Result<Option<Balance>, QueryError> {
    views.get(&q.account).await
}
pub struct GetBoth {
    pub owner: String,
}
#[query_handler]
async fn both(
    accounts: &Views<Balances>,
    owners: &Views<ByOwner>,
    q: &GetBoth,
    mail: &dyn Mailer,
) -> Result<(bool, bool), QueryError> {
    mail.send(&q.owner);
    Ok((accounts.get(&q.owner).await?.is_some(), owners.get(&q.owner).await?.is_some()))
}

async fn decide<C: command::Decide<Services>>(
    command: C,
    account: &C::Aggregate,
) -> Result<Vec<<C::Aggregate as Aggregate>::Event>, C::Error>
where
    C::Aggregate: Aggregate<Id = String>,
{
    let services = Services { fx: FxRates { percent: 200 }, mailer: Box::new(Quiet) };
    let cx = CommandContext::for_test("ann".to_owned(), 1);
    command.decide(account, &cx, &services).await
}

fn answers<Q: Answer<Services>>() -> (&'static [&'static str], usize) {
    (Q::READS, std::mem::size_of::<Q::Output>())
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    use event::{EventSet, StoredEvent};
    use projections::{Projection, ViewProjection};

    let mut account = Account::default();
    for event in decide(Open { owner: "Ann".to_owned() }, &account).await.unwrap() {
        account.apply_event(&event);
    }
    assert!(account.open && <Open as command::Command>::CREATES && !<Deposit as command::Command>::CREATES);
    assert_eq!(decide(Deposit { amount: 0 }, &account).await.unwrap().len(), 0);
    for event in decide(Deposit { amount: 9 }, &account).await.unwrap() {
        account.apply_event(&event);
    }
    let refused = decide(Withdraw { amount: 10 }, &account).await.err();
    assert_eq!(refused, Some(AccountError::Insufficient { balance: 9 }));
    assert_eq!(withdraw(&account, &Withdraw { amount: 10 }).err(), refused);
    let events = decide(Exchange { amount: 2 }, &account).await.unwrap();
    let names: Vec<_> = events.iter().map(|e| (e.name(), e.version())).collect();
    assert_eq!(names, [("account.withdrawn", 1), ("account.deposited", 3)]);
    assert_eq!(
        format!("{events:?}"),
        r#"[account.withdrawn v1 {"amount":2}, account.deposited v3 {"amount":4,"note":"mailed 3 bytes"}]"#
    );
    let copy = account.fork();
    let events = decide(Close, &account).await.unwrap();
    events.iter().for_each(|event| account.apply_event(event));
    assert_eq!((account.balance, account.open, copy.balance, copy.open), (0, false, 9, true));

    let mut bytes = Vec::new();
    Codec::Json.encode(&DepositedV1 { amount: 7 }, &mut bytes).unwrap();
    let old = AccountEvent::decode("account.deposited", 1, Codec::Json, &bytes).unwrap();
    assert!(matches!(old, AccountEvent::Deposited(Deposited { amount: 7, note: None })));
    for wrong in [0, 4] {
        assert!(Deposited::decode(wrong, Codec::Json, &bytes).is_err());
    }
    assert!(AccountEvent::decode("account.lost", 1, Codec::Json, &bytes).is_err());
    let spec = Account::SNAPSHOT.unwrap();
    assert_eq!(spec.every, 100);

    let subscribed: Vec<_> = Balances::SUBSCRIPTIONS.iter().map(|s| (s.name, s.version)).collect();
    assert_eq!(subscribed, [("account.opened", 1), ("account.deposited", 3), ("account.withdrawn", 1)]);
    assert_eq!((ByOwner::NAME, ByOwner::FAILURE.retries), ("by_owner", 3));
    let mut view = Balance::default();
    let mut metadata = Metadata::for_test("account", "ann", 5);
    metadata.command = CommandMetadata::default().header("owner", "Eve");
    let keys: Vec<String> = [
        (Opened { owner: "Ann".to_owned() }.into(), "Ann"),
        (Deposited { amount: 5, note: None }.into(), "Eve"),
        (Withdrawn { amount: 7 }.into(), "7!"),
        (AccountEvent::Closed(Closed), "ann"),
    ]
    .into_iter()
    .map(|(event, wanted): (AccountEvent, &str)| {
        let mut payload = Vec::new();
        event.encode(Codec::Bincode, &mut payload).unwrap();
        let raw = event::RawEvent { name: event.name(), version: event.version(), payload: &payload };
        let input = ByOwner.decode(&raw, Codec::Bincode).unwrap().unwrap();
        let mut key = String::new();
        ByOwner.key(&input, &metadata, &mut key);
        assert_eq!(key, wanted);
        ByOwner.fold(&mut view, &input, &metadata).unwrap();
        key
    })
    .collect();
    assert_eq!((keys.len(), view.owner.as_str(), view.balance), (4, "Ann", 0));
    assert!(ByOwner::USES_METADATA);
    let other = event::RawEvent { name: "order.paid", version: 1, payload: &[] };
    assert!(ByOwner.decode(&other, Codec::Bincode).unwrap().is_none());

    assert_eq!(answers::<GetBalance>().0, ["balances"]);
    assert_eq!(answers::<GetBoth>().0, ["balances", "by_owner"]);
}
