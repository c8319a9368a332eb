//! Items that another macro writes, and results under another name.
use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

#[derive(Debug, thiserror::Error)]
#[error("refused")]
pub struct Refused;
type Decided<T, E = Refused> = std::result::Result<T, E>;
type Found<T> = std::result::Result<Option<T>, QueryError>;

macro_rules! counter {
    ($state:ident, $event:ident, $id:ty, $command:ty, $returned:ty, $name:literal, $category:literal) => {
        #[derive(Event, Serialize, Deserialize)]
        #[event($name)]
        pub struct $event {
            pub by: u64,
        }

        #[derive(Aggregate, Default)]
        #[aggregate($category, id = $id, events($event))]
        pub struct $state {
            count: u64,
        }
        impl Apply<$event> for $state {
            fn apply(&mut self, e: &$event) {
                self.count += e.by;
            }
        }

        #[command_handler(creates = $state)]
        fn add(cmd: &$command) -> $returned {
            Ok(Some($event { by: cmd.by }))
        }
    };
}

pub struct Add {
    by: u64,
}
counter!(Counter, Added, u64, Add, Decided<Option<Added>>, "counter.added", "counter");

macro_rules! counted {
    ($projection:ident, $row:ty, $key:expr, $event:ty, $found:ty) => {
        #[projection("counted", view = $row, key = str)]
        impl $projection {
            #[on(key = $key)]
            fn added(row: &mut $row, e: &$event) {
                row.sum += e.by;
            }
        }

        #[query_handler]
        async fn counted(views: &Views<$projection>, _: &Get) -> $found {
            views.get("all").await
        }
    };
}

#[derive(Default, Serialize, Deserialize)]
pub struct Row {
    sum: u64,
}
pub struct Counted;
pub struct Get;
counted!(Counted, Row, "all", Added, Found<Row>);

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder(MemoryEventStore::new()).projection(Counted, MemoryRepository::new()).start().await?;
    let done = app.execute(&7, Add { by: 5 }).await?;
    assert_eq!(app.load::<Counter>(&7).await?.state.count, 5);
    assert_eq!(app.query_after(&done, Get).await?.map(|row| row.sum), Some(5));
    Ok(())
}
