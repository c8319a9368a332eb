//! A command on its way to a view, over the SQLite backends.

use std::time::Duration;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};
use tempfile::TempDir;
use uuid::Uuid;

#[derive(Event, Serialize, Deserialize)]
#[event("meter.installed")]
pub struct Installed {
    pub street: String,
}
#[derive(Event, Serialize, Deserialize)]
#[event("meter.read")]
pub struct Read {
    pub kwh: u64,
}

#[derive(Aggregate, Default, Serialize, Deserialize)]
#[aggregate("meter", id = u32, events(Installed, Read), snapshot(every = 3))]
pub struct Meter {
    installed: bool,
    kwh: u64,
}
impl Apply<Installed> for Meter {
    fn apply(&mut self, _: &Installed) {
        self.installed = true;
    }
}
impl Apply<Read> for Meter {
    fn apply(&mut self, e: &Read) {
        self.kwh = e.kwh;
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum MeterError {
    #[error("it shows {0} already")]
    Backwards(u64),
    #[error("there is no such meter")]
    Missing,
}

pub struct Install {
    pub street: String,
}
#[command_handler(creates = Meter)]
fn install(cmd: &Install) -> Result<Installed, MeterError> {
    Ok(Installed { street: cmd.street.clone() })
}
pub struct Note {
    pub kwh: u64,
}
#[command_handler]
fn note(meter: &Meter, cmd: &Note) -> Result<Option<Read>, MeterError> {
    require!(meter.installed, MeterError::Missing);
    require!(cmd.kwh >= meter.kwh, MeterError::Backwards(meter.kwh));
    Ok((cmd.kwh > meter.kwh).then_some(Read { kwh: cmd.kwh }))
}

pub struct Import(pub Vec<u64>);
#[command_handler]
fn import(_: &Meter, cmd: &Import) -> Result<Vec<Read>, MeterError> {
    Ok(cmd.0.iter().map(|kwh| Read { kwh: *kwh }).collect())
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Shown {
    pub kwh: u64,
    pub readings: u64,
    pub by: Vec<String>,
}
pub struct Meters;
#[projection("meters", view = Shown, key = u32)]
impl Meters {
    fn read(view: &mut Shown, e: &Read, m: &Metadata) {
        view.kwh = e.kwh;
        view.readings += 1;
        view.by.extend(m.command.header_value("reader").map(str::to_owned));
    }
}
#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Street {
    pub meters: u64,
}
pub struct Streets;
#[projection("streets", view = Street, key = str)]
impl Streets {
    #[on(key = e.street)]
    fn installed(view: &mut Street, e: &Installed) {
        view.meters += 1;
    }
}

pub struct GetMeter(pub u32);
#[query_handler]
async fn meter(views: &Views<Meters>, q: &GetMeter) -> Result<Option<Shown>, QueryError> {
    views.get(&q.0).await
}

async fn open(dir: &TempDir) -> App {
    open_as(dir, Codec::Bincode).await
}

async fn open_as(dir: &TempDir, codec: Codec) -> App {
    let store = SqliteEventStore::open(dir.path().join("meters.db")).await.unwrap();
    let views = store.repository().await.unwrap();
    App::builder(store).codec(codec).projection(Meters, views).start().await.unwrap()
}

#[tokio::test]
async fn a_query_sees_the_write_before_it() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(&dir).await;
    app.execute(&7, Install { street: "High".to_owned() }).await.unwrap();
    for kwh in 1..=50 {
        let done = app.execute(&7, Note { kwh }).await.unwrap();
        let shown = app.query_after(&done, GetMeter(7)).await.unwrap().unwrap();
        assert_eq!((shown.kwh, shown.readings), (kwh, kwh));
    }
    let nothing = app.execute(&7, Note { kwh: 50 }).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.version), (0, 51));
    let refused = app.execute(&7, Note { kwh: 3 }).await;
    assert!(matches!(refused, Err(ExecuteError::Rejected(MeterError::Backwards(50)))), "{refused:?}");
    let missing = app.execute(&8, Note { kwh: 3 }).await;
    assert!(matches!(missing, Err(ExecuteError::Rejected(MeterError::Missing))), "{missing:?}");
    let twice = app.execute(&7, Install { street: "Low".to_owned() }).await;
    assert!(matches!(twice, Err(ExecuteError::AlreadyExists { .. })), "{twice:?}");
}

#[tokio::test]
async fn a_restart_forgets_nothing_and_does_nothing_twice() {
    let dir = tempfile::tempdir().unwrap();
    let id = Uuid::from_u128(99);
    let reader = CommandMetadata::default().header("reader", "Ann");
    for start in 0..4u64 {
        // Old and new rows differ in their codec from start to start.
        let app = open_as(&dir, if start % 2 == 0 { Codec::Bincode } else { Codec::Json }).await;
        let installed = app.execute(&7, Install { street: "High".to_owned() }.with_id(id)).await.unwrap();
        assert_eq!((installed.duplicate, installed.version), (start > 0, 1));
        for kwh in [10, 20, 30] {
            let note = Note { kwh: start * 100 + kwh }.with_metadata(reader.clone());
            app.execute(&7, note).await.unwrap();
        }
        let loaded = app.load::<Meter>(&7).await.unwrap();
        assert_eq!((loaded.version, loaded.state.kwh), (1 + 3 * (start + 1), start * 100 + 30));
        app.caught_up(Duration::from_secs(60)).await.unwrap();
        let shown = app.query(GetMeter(7)).await.unwrap().unwrap();
        assert_eq!((shown.readings, shown.by.len() as u64), (3 * (start + 1), 3 * (start + 1)));
        app.shutdown().await;
        let stopped = app.execute(&7, Note { kwh: 999 }).await;
        assert!(matches!(stopped, Err(ExecuteError::Stopped)), "{stopped:?}");
    }
    let app = open(&dir).await;
    let history = app.history::<Meter>(&7, 1, 100).await.unwrap();
    let read: Vec<_> = history.events.iter().map(|r| (r.metadata.sequence, r.event.name())).collect();
    assert_eq!((read.len(), read[0], read[12]), (13, (1, "meter.installed"), (13, "meter.read")));
    let page = app.history::<Meter>(&7, 1, 5).await.unwrap();
    assert_eq!((page.events.len(), page.next), (5, Some(6)));
}

#[tokio::test]
async fn history_begins_also_within_a_commit() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(&dir).await;
    for readings in [vec![1], vec![2, 3, 4], vec![5, 6], vec![7]] {
        app.execute(&7, Import(readings)).await.unwrap();
    }
    for from in 0..=8 {
        for limit in 1..5 {
            let page = app.history::<Meter>(&7, from, limit).await.unwrap();
            let shown: Vec<_> = page.events.iter().map(|event| event.metadata.sequence).collect();
            let ends = [1, 4, 6, 7];
            let first = ends.iter().position(|end| *end >= from).unwrap_or(4);
            let last = ends[first..].iter().take(limit).next_back().copied().unwrap_or(0);
            assert_eq!(shown, (from.max(1)..=last).collect::<Vec<_>>(), "from {from}, {limit} commits");
            assert_eq!(page.next, (last > 0 && last < 7).then_some(last + 1), "from {from}, {limit} commits");
        }
    }
    assert!(app.history::<Meter>(&7, 1, 0).await.unwrap().events.is_empty());
}

#[tokio::test]
async fn a_new_projection_begins_with_the_first_event() {
    let dir = tempfile::tempdir().unwrap();
    let app = open(&dir).await;
    for id in 0..40 {
        app.execute(&id, Install { street: format!("Street {}", id % 3) }).await.unwrap();
    }
    app.shutdown().await;
    let store = SqliteEventStore::open(dir.path().join("meters.db")).await.unwrap();
    let views = SqlRepository::open(dir.path().join("views.db")).await.unwrap();
    let builder = App::builder(store.clone()).projection(Meters, store.repository().await.unwrap());
    let app = builder.projection(Streets, views).start().await.unwrap();
    app.caught_up(Duration::from_secs(60)).await.unwrap();
    let streets = app.views::<Streets>().unwrap().all().await.unwrap();
    let counts: Vec<_> = streets.into_iter().map(|(name, street)| (name, street.meters)).collect();
    let wanted = [("Street 0", 14), ("Street 1", 13), ("Street 2", 13)];
    assert_eq!(counts, wanted.map(|(name, meters)| (name.to_owned(), meters)));
}

#[tokio::test]
async fn what_is_wired_wrongly_does_not_start() {
    use event_sourcing::app::StartError;
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteEventStore::open(dir.path().join("meters.db")).await.unwrap();
    let views = store.repository().await.unwrap();
    let builder = App::builder(store).projection(Meters, views.clone()).projection(Meters, views);
    let twice = builder.start().await;
    assert!(matches!(twice, Err(StartError::DuplicateProjection("meters"))), "{twice:?}");
    let app = App::builder(MemoryEventStore::new()).start().await.unwrap();
    let unknown = app.query(GetMeter(7)).await;
    assert!(matches!(unknown, Err(QueryError::NotRegistered { projection: "meters", .. })), "{unknown:?}");
}

/// Yesterday's program and today's: the event has got a unit, and another meaning.
mod yesterday {
    use super::*;

    #[derive(Event, Serialize, Deserialize)]
    #[event("tank.filled")]
    pub struct Filled {
        pub litres: u32,
    }
    #[derive(Aggregate, Default)]
    #[aggregate("tank", id = String, events(Filled))]
    pub struct Tank;
    impl Apply<Filled> for Tank {
        fn apply(&mut self, _: &Filled) {}
    }
    pub struct Fill(pub u32);
    #[command_handler]
    fn fill(_: &Tank, cmd: &Fill) -> Result<Filled, std::convert::Infallible> {
        Ok(Filled { litres: cmd.0 })
    }
}

mod today {
    use super::*;

    #[derive(PastEvent, Serialize, Deserialize)]
    #[event("tank.filled", version = 1)]
    pub struct FilledV1 {
        pub litres: u32,
    }
    #[derive(Event, Serialize, Deserialize)]
    #[event("tank.filled", version = 2, from = FilledV1)]
    pub struct Filled {
        pub millilitres: u64,
        pub by: Option<String>,
    }
    impl From<FilledV1> for Filled {
        fn from(past: FilledV1) -> Self {
            Self { millilitres: u64::from(past.litres) * 1000, by: None }
        }
    }
    #[derive(Aggregate, Default)]
    #[aggregate("tank", id = String, events(Filled))]
    pub struct Tank {
        pub millilitres: u64,
    }
    impl Apply<Filled> for Tank {
        fn apply(&mut self, e: &Filled) {
            self.millilitres += e.millilitres;
        }
    }
    pub struct Pour(pub u64);
    #[command_handler]
    fn pour(_: &Tank, cmd: &Pour) -> Result<Filled, std::convert::Infallible> {
        Ok(Filled { millilitres: cmd.0, by: Some("Ann".to_owned()) })
    }
}

#[tokio::test]
async fn an_event_of_yesterday_is_read_today_and_not_the_other_way_round() {
    let dir = tempfile::tempdir().unwrap();
    let store = SqliteEventStore::open(dir.path().join("tanks.db")).await.unwrap();
    let tank = "t1".to_owned();
    let old = App::builder(store.clone()).start().await.unwrap();
    old.execute(&tank, yesterday::Fill(2)).await.unwrap();
    let new = App::builder(store).start().await.unwrap();
    new.execute(&tank, today::Pour(500)).await.unwrap();
    assert_eq!(new.load::<today::Tank>(&tank).await.unwrap().state.millilitres, 2500);
    let refused = old.execute(&tank, yesterday::Fill(2)).await.unwrap_err();
    let said = refused.to_string();
    assert!(said.contains("event 2 of tank/t1") && said.contains("deploy the newer code"), "{said}");
}
