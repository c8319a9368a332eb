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

#[derive(Default, Serialize, Deserialize)]
pub struct Owner {
    pub name: String,
}
pub struct Owners;
#[projection("owners", view = Owner, key = String)]
impl Owners {
    fn opened(view: &mut Owner, e: &Opened) {
        view.name = e.owner.clone();
    }
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder(MemoryEventStore::new()).projection(Owners, MemoryRepository::new()).start().await?;
    app.views::<Owner>()?;
    Ok(())
}
