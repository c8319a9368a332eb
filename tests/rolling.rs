//! A rolling deploy: old and new code on one stream, and on one view, at once.

use std::time::Duration;

use event_sourcing::{handler::ExecuteError, prelude::*, store::StreamId};
use serde::{Deserialize, Serialize};

/// Ends a test that would hang; nothing is measured by it.
const LONG: Duration = Duration::from_secs(120);

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Level {
    pub millilitres: u64,
}

mod old {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("vat.filled")]
    pub struct Filled {
        pub litres: u32,
    }
    #[derive(Aggregate, Default)]
    #[aggregate("vat", id = String, events(Filled))]
    pub struct Vat;
    impl Apply<Filled> for Vat {
        fn apply(&mut self, _: &Filled) {}
    }
    pub struct Fill(pub u32);
    #[command_handler]
    fn fill(_: &Vat, cmd: &Fill) -> Result<Filled, std::convert::Infallible> {
        Ok(Filled { litres: cmd.0 })
    }
    pub struct Levels;
    #[projection("levels", view = Level, key = String)]
    impl Levels {
        fn filled(view: &mut Level, e: &Filled) {
            view.millilitres += u64::from(e.litres) * 1000;
        }
    }
}

mod new {
    use super::*;

    #[derive(PastEvent, Serialize, Deserialize)]
    #[event("vat.filled", version = 1)]
    pub struct FilledV1 {
        pub litres: u32,
    }
    #[derive(Event, Serialize, Deserialize)]
    #[event("vat.filled", version = 2, from = FilledV1)]
    pub struct Filled {
        pub millilitres: u64,
    }
    impl From<FilledV1> for Filled {
        fn from(past: FilledV1) -> Self {
            Self { millilitres: u64::from(past.litres) * 1000 }
        }
    }
    #[derive(Aggregate, Default)]
    #[aggregate("vat", id = String, events(Filled))]
    pub struct Vat;
    impl Apply<Filled> for Vat {
        fn apply(&mut self, _: &Filled) {}
    }
    pub struct Pour(pub u64);
    #[command_handler]
    fn pour(_: &Vat, cmd: &Pour) -> Result<Filled, std::convert::Infallible> {
        Ok(Filled { millilitres: cmd.0 })
    }
    pub struct Levels;
    #[projection("levels", view = Level, key = String)]
    impl Levels {
        fn filled(view: &mut Level, e: &Filled) {
            view.millilitres += e.millilitres;
        }
    }
}

#[tokio::test]
async fn the_old_reader_sets_aside_what_it_cannot_read_and_the_new_one_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteEventStore::open(dir.path().join("vats.db")).await.unwrap();
    let (a, b) = ("a".to_owned(), "b".to_owned());
    let old = App::builder(store.clone()).projection(old::Levels, store.repository().await.unwrap());
    let old = old.start().await.unwrap();
    old.execute(&a, old::Fill(1)).await.unwrap();

    // A new instance without a view of its own writes to the same vat.
    let writer = App::builder(store.clone()).start().await.unwrap();
    writer.execute(&a, new::Pour(5)).await.unwrap();
    old.execute(&b, old::Fill(2)).await.unwrap();
    old.caught_up(LONG).await.unwrap();

    // The old one sets that vat aside, says why, and goes on with the other.
    let parked = old.parked::<old::Levels>(10).await.unwrap();
    assert_eq!(parked.len(), 1, "{parked:?}");
    let why = format!("{:?}", parked[0]);
    assert!(why.contains("newer than version 1") && why.contains("deploy the newer code"), "{why}");
    let views = old.views::<old::Levels>().unwrap();
    assert_eq!(views.get(&a).await.unwrap(), Some(Level { millilitres: 1000 }));
    assert_eq!(views.get(&b).await.unwrap(), Some(Level { millilitres: 2000 }));
    let refused = old.execute(&a, old::Fill(1)).await.unwrap_err();
    assert!(matches!(refused, ExecuteError::Load(_)), "{refused:?}");
    old.shutdown().await;

    // The new one takes over the view, and applies what is missing, once.
    let new = App::builder(store.clone()).projection(new::Levels, store.repository().await.unwrap());
    let new = new.start().await.unwrap();
    new.execute(&a, new::Pour(7)).await.unwrap();
    new.retry_parked::<new::Levels>(&StreamId::new("vat", "a")).await.unwrap();
    new.caught_up(LONG).await.unwrap();
    assert_eq!(new.parked::<new::Levels>(10).await.unwrap(), []);
    let views = new.views::<new::Levels>().unwrap();
    assert_eq!(views.get(&a).await.unwrap(), Some(Level { millilitres: 1012 }));
    assert_eq!(views.get(&b).await.unwrap(), Some(Level { millilitres: 2000 }));
}
