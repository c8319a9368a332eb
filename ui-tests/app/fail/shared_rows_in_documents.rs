use event_sourcing::{prelude::*, repository::DocumentRepository};
use serde::{Deserialize, Serialize};

#[derive(Event, Serialize, Deserialize)]
#[event("account.opened")]
pub struct Opened {
    pub owner: String,
}

#[derive(Default, Serialize, Deserialize)]
pub struct Owner {
    pub accounts: u32,
}
pub struct ByOwner;
#[projection("by_owner", view = Owner, key = str)]
impl ByOwner {
    #[on(key = e.owner)]
    fn opened(view: &mut Owner, e: &Opened) {
        view.accounts += 1;
    }
}

async fn start(views: impl DocumentRepository) {
    let app = App::builder(MemoryEventStore::new()).projection(ByOwner, views).start().await;
    drop(app);
}

fn main() {}
