//! A corrected `Apply` with another `version` begins with the events; with the same one, it goes on from what was kept.

use event_sourcing::{
    aggregate::fingerprint,
    prelude::*,
    store::{EventStore, StreamId},
};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.deposited")]
pub struct Deposited {
    pub amount: u64,
}

macro_rules! accounts {
    ($module:ident, $add:expr, $($snapshot:tt)*) => {
        mod $module {
            use super::*;

            #[derive(Aggregate, Default, Serialize, Deserialize)]
            #[aggregate("account", id = u32, events(Deposited), snapshot($($snapshot)*))]
            pub struct Account {
                balance: u64,
            }
            impl Apply<Deposited> for Account {
                fn apply(&mut self, e: &Deposited) {
                    let add: fn(u64) -> u64 = $add;
                    self.balance += add(e.amount);
                }
            }

            pub struct Deposit(pub u64);
            #[command_handler]
            fn deposit(_: &Account, cmd: &Deposit) -> Result<Deposited, std::convert::Infallible> {
                Ok(Deposited { amount: cmd.0 })
            }

            #[derive(Debug, thiserror::Error)]
            #[error("it is {0}")]
            pub struct Told(pub u64);
            pub struct Tell;
            #[command_handler]
            fn tell(account: &Account, _: &Tell) -> Result<(), Told> {
                Err(Told(account.balance))
            }
        }
    };
}

accounts!(first, |_| 1, every = 1);
accounts!(forgotten, |amount| amount, every = 1, version = 1);
accounts!(corrected, |amount| amount, version = 2, every = 1);
accounts!(later, |amount| amount, every = 1, version = 12);

fn kept<A: Aggregate>() -> u64 {
    A::SNAPSHOT.expect("it says `snapshot`").fingerprint
}

#[tokio::main(flavor = "current_thread")]
async fn main() {
    // What was kept before there were versions stays what it was.
    assert_eq!(kept::<first::Account>(), kept::<forgotten::Account>());
    assert_eq!(kept::<first::Account>(), fingerprint("struct Account { balance : u64, }"));
    let mut all = [kept::<first::Account>(), kept::<corrected::Account>(), kept::<later::Account>()];
    all.sort();
    assert!(all.windows(2).all(|two| two[0] != two[1]), "{all:?}");

    let store = MemoryEventStore::new();
    let app = App::builder(store.clone()).start().await.expect("an App");
    app.execute(&7, first::Deposit(50)).await.expect("a deposit");
    let stream = StreamId::new("account", "7");
    while store.load_snapshot(&stream, kept::<first::Account>()).await.expect("a look").is_none() {
        tokio::task::yield_now().await;
    }
    app.shutdown().await;

    let app = App::builder(store).start().await.expect("an App");
    let told = app.execute(&7, forgotten::Tell).await.expect_err("a refusal").to_string();
    assert_eq!(told, "it is 1");
    let told = app.execute(&7, corrected::Tell).await.expect_err("a refusal").to_string();
    assert_eq!(told, "it is 50");
}
