use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// Its path is locked under no other name, though that of a struct called the same is.
pub mod ledger {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("account.credited")]
    pub struct Debited {
        pub amount: u64,
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("account.debited")]
pub struct Taken {
    pub amount: u64,
}

fn main() {
    // Two structs of one path, both locked with it.
    #[derive(Event, Serialize, Deserialize)]
    #[event("note.added")]
    pub struct Added {
        pub id: u64,
    }
    {
        #[derive(Event, Serialize, Deserialize)]
        #[event("tag.added")]
        pub struct Added {
            pub id: u64,
        }
    }
}
