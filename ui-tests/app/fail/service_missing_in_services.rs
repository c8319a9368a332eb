use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Aggregate, Default)]
#[aggregate("account", id = String, events(Opened))]
pub struct Account {
    open: bool,
}
impl Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {
        self.open = true;
    }
}

pub struct Open {
    pub owner: String,
}
#[command_handler(creates = Account)]
fn open(cmd: &Open, _: &FxRates) -> Result<Opened, std::convert::Infallible> {
    Ok(Opened { owner: cmd.owner.clone() })
}

pub struct FxRates {
    pub percent: u64,
}

pub struct Clock;
#[derive(Services)]
pub struct Services {
    clock: Clock,
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder(MemoryEventStore::new()).services(Services { clock: Clock }).start().await?;
    app.execute(&"ann".to_owned(), Open { owner: "Ann".to_owned() }).await?;
    Ok(())
}
