use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};
pub type AccountId = String;

#[derive(Event, Serialize, Deserialize)] #[event("account.opened")]    pub struct Opened    { pub owner: String }
#[derive(Event, Serialize, Deserialize)] #[event("account.deposited")] pub struct Deposited { pub amount: u64 }
#[derive(Event, Serialize, Deserialize)] #[event("account.withdrawn")] pub struct Withdrawn { pub amount: u64 }

#[derive(Aggregate, Default)]
#[aggregate("account", id = AccountId, events(Opened, Deposited, Withdrawn))]
pub struct Account { open: bool, balance: u64 }
impl Apply<Opened>    for Account { fn apply(&mut self, _: &Opened)    { self.open = true } }
impl Apply<Deposited> for Account { fn apply(&mut self, e: &Deposited) { self.balance += e.amount } }
impl Apply<Withdrawn> for Account { fn apply(&mut self, e: &Withdrawn) { self.balance -= e.amount } }

#[derive(Debug, thiserror::Error)]
pub enum AccountError {
    #[error("there is no such account")] NotOpen,
    #[error("only {0} left")]            Insufficient(u64),
}

pub struct Open     { pub owner: String }
pub struct Deposit  { pub amount: u64 }
pub struct Withdraw { pub amount: u64 }
#[command_handler(creates = Account)]
fn open(cmd: &Open) -> Result<Opened, AccountError> { Ok(Opened { owner: cmd.owner.clone() }) }
#[command_handler]
fn deposit(account: &Account, cmd: &Deposit) -> Result<Deposited, AccountError> {
    require!(account.open, AccountError::NotOpen);
    Ok(Deposited { amount: cmd.amount })
}
#[command_handler]
fn withdraw(account: &Account, cmd: &Withdraw) -> Result<Withdrawn, AccountError> {
    require!(account.open, AccountError::NotOpen);
    require!(account.balance >= cmd.amount, AccountError::Insufficient(account.balance));
    Ok(Withdrawn { amount: cmd.amount })
}

#[derive(Default, Serialize, Deserialize)] pub struct Balance { pub owner: String, pub balance: u64 }
pub struct Balances;
#[projection("balances", view = Balance, key = AccountId)]
impl Balances {
    fn opened(view: &mut Balance, e: &Opened)       { view.owner = e.owner.clone(); }
    fn deposited(view: &mut Balance, e: &Deposited) { view.balance += e.amount; }
    fn withdrawn(view: &mut Balance, e: &Withdrawn) { view.balance -= e.amount; }
}
pub struct GetBalance { pub account: AccountId }
#[query_handler]
async fn balance(views: &Views<Balances>, q: &GetBalance) -> Result<Option<Balance>, QueryError> {
    views.get(&q.account).await
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let store = SqliteEventStore::open("bank.db").await?;
    let views = store.repository().await?; // in the same file; any other Repository will do
    let app = App::builder(store).projection(Balances, views).start().await?;

    let ann = AccountId::from("ann");
    app.execute(&ann, Open { owner: "Ann".to_owned() }).await?;
    app.execute(&ann, Deposit { amount: 50 }).await?;
    let done = app.execute(&ann, Withdraw { amount: 10 }).await?;                    // durable
    let view = app.query_after(&done, GetBalance { account: ann.clone() }).await?;   // reads its own write
    assert_eq!(view.map(|v| (v.owner, v.balance)), Some(("Ann".to_owned(), 40)));

    let refused = app.execute(&ann, Withdraw { amount: 99 }).await.unwrap_err();
    assert_eq!(refused.to_string(), "only 40 left");
    Ok(())
}
