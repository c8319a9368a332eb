//! Commands over Cassandra: a reply means that a quorum has it.
//!
//! The floor is the bare driver doing the same statements on the same tables of the same server.

use std::{
    collections::HashMap,
    hint::black_box,
    net::{SocketAddr, ToSocketAddrs},
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use event_sourcing::{
    cassandra::{CassandraEventStore, Replication},
    event::{EventSet, FrameBuilder, framing},
    prelude::*,
    store::{Commit, EventStore, StreamId, Version},
};
use futures_util::TryStreamExt;
use scylla::{
    client::{session::Session, session_builder::SessionBuilder},
    statement::{Consistency, prepared::PreparedStatement},
    value::CqlTimestamp,
};
use uuid::Uuid;

use super::{Case, Scale, Section, Unit, all, check, on_all_threads, same, scan};
use crate::{
    Error,
    bank::{Account, AccountEvent, Deposit, Deposited},
    meter::{Meter, Sample},
    wire::Wire,
};

const IN_FLIGHT: [u64; 3] = [1, 20, 200];
const HOT: u64 = 64;
/// Events of the stream that is read, one in each commit.
const STREAM: u64 = 1_000;
const CATEGORY: &str = Account::CATEGORY;

/// A keyspace of this process's own, and names that none of its measurements has used.
pub(crate) struct Place {
    server: SocketAddr,
    keyspace: String,
    used: AtomicU64,
}

impl Place {
    pub(crate) fn new(server: &str) -> Result<Rc<Self>, Error> {
        let server = server.to_socket_addrs()?.next().ok_or("the server's name has no address")?;
        let keyspace = format!("es_bench_{}", &Uuid::now_v7().simple().to_string()[..24]);
        Ok(Rc::new(Self { server, keyspace, used: AtomicU64::new(0) }))
    }

    fn ids(&self, count: u64) -> Vec<String> {
        let group = self.used.fetch_add(1, Ordering::Relaxed);
        (0..count).map(|n| format!("account-{group:03}-{n:06}")).collect()
    }

    /// Removes what the measurements have stored.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        on_all_threads(async {
            let Line { session, .. } = self.line(Meter::Time).await?;
            session.query_unpaged(format!("DROP KEYSPACE IF EXISTS {}", self.keyspace), ()).await?;
            Ok(())
        })
    }

    /// A session: straight to the server where time is measured, through a counter elsewhere.
    pub(super) async fn line(&self, meter: Meter) -> Result<Line, Error> {
        let mut builder = SessionBuilder::new();
        let wire = match meter {
            Meter::Time => None,
            Meter::Allocations => Some(Wire::to(self.server).await?),
        };
        if let Some(wire) = &wire {
            // The node says where it is itself, and the driver takes the one it was given for it, too.
            // It also takes every node to listen at the port that it was given.
            let at_its_port = SocketAddr::new(self.server.ip(), wire.address.port());
            let ways = [self.server, wire.address, at_its_port].map(|said| (said, wire.address));
            let translate: HashMap<SocketAddr, SocketAddr> = ways.into();
            builder = builder.address_translator(Arc::new(translate));
        }
        let address = wire.as_ref().map_or(self.server, |wire| wire.address);
        let session = Arc::new(builder.known_node_addr(address).build().await?);
        Ok(Line { session, wire })
    }

    pub(super) async fn store(&self, line: &Line) -> Result<CassandraEventStore, Error> {
        // The server is not ours to name: the session is already there.
        let builder = CassandraEventStore::builder([self.server.to_string()]).keyspace(&self.keyspace);
        let builder = builder.category(CATEGORY).create_if_missing(Replication::Simple(1));
        Ok(builder.from_session(line.session.clone()).await?)
    }
}

pub(super) struct Line {
    session: Arc<Session>,
    wire: Option<Wire>,
}

impl Line {
    pub(super) fn bytes(&self) -> Option<u64> {
        self.wire.as_ref().map(Wire::bytes)
    }

    /// What has gone over the wire since `before`.
    pub(super) fn since(&self, before: Option<u64>) -> Option<u64> {
        Some(self.bytes()? - before?)
    }
}

/// The benchmark of the store on Cassandra.
pub(crate) fn sections(place: &Rc<Place>) -> Vec<Section> {
    let case = |key: String,
                label: String,
                base: String,
                run: fn(&Place, u64, &Scale, Meter) -> Result<Sample, Error>,
                count| {
        let place = place.clone();
        Case::new(key, label, base, move |scale, meter| run(&place, count, scale, meter))
    };
    let mut writes = Vec::new();
    for count in IN_FLIGHT {
        let base = format!("cassandra/insert/{count}");
        let label = format!("floor: bare driver, INSERT .. IF NOT EXISTS, {count} in flight");
        writes.push(case(base.clone(), label, base.clone(), insert, count));
        let label = format!("App::execute, {count} in flight, each on its own cached aggregate");
        writes.push(case(format!("cassandra/execute/{count}"), label, base, execute, count));
    }
    let label = format!("App::execute, {HOT} in flight on one aggregate");
    writes.push(case(format!("cassandra/hot/{HOT}"), label, "cassandra/insert/1".to_owned(), hot, HOT));
    let floor = "cassandra/read".to_owned();
    let label = format!("floor: bare driver and bincode, {STREAM} events");
    let mut reads = vec![case(floor.clone(), label, floor.clone(), read, STREAM)];
    reads.push(case("cassandra/load".to_owned(), format!("App::load, {STREAM} events"), floor, load, STREAM));
    vec![
        Section {
            title: "Cassandra, one node: commands with events of 100 bytes, durable",
            unit: Unit::PerSecond,
            cases: writes,
        },
        Section { title: "Cassandra, one node: events read back", unit: Unit::PerSecond, cases: reads },
        Section {
            title: "Cassandra, one node: where streams end",
            unit: Unit::PerSecond,
            cases: scan::cases(place),
        },
    ]
}

impl Scale {
    /// Commands of each of those in flight.
    fn stored_each(&self, in_flight: u64) -> u64 {
        (self.durable / 4).div_ceil(in_flight.max(4)).max(2)
    }
}

fn execute(place: &Place, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let ids = place.ids(in_flight);
    run(place, &ids, scale.stored_each(in_flight), meter)
}

/// All on one aggregate: they share commits.
fn hot(place: &Place, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let ids = vec![place.ids(1).remove(0); in_flight as usize];
    // Enough commits to measure: a commit takes most of those in flight.
    run(place, &ids, scale.stored_each(4), meter)
}

async fn send(app: &App, ids: &[String], commands: u64) -> Result<(), Error> {
    let tasks = ids.iter().map(|id| {
        let (app, id) = (app.clone(), id.clone());
        tokio::spawn(async move {
            for _ in 0..commands {
                black_box(app.execute(&id, black_box(Deposit::sample())).await?);
            }
            Ok(())
        })
    });
    all(tasks.collect()).await
}

fn run(place: &Place, ids: &[String], each: u64, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let line = place.line(meter).await?;
        let store = place.store(&line).await?;
        let app = App::builder(store).start().await?;
        send(&app, ids, 1).await?;
        let before = line.bytes();
        let running = meter.start();
        send(&app, ids, each).await?;
        let sample = running.stop(each * ids.len() as u64);
        let wire = line.since(before);
        let shared = ids.iter().filter(|id| **id == ids[0]).count() as u64;
        for id in ids.iter().take(if shared > 1 { 1 } else { ids.len() }) {
            check(&app, id, shared * (1 + each)).await?;
        }
        let commits = match shared {
            1 => None,
            _ => Some(commits(&place.store(&line).await?, &ids[0]).await?),
        };
        Ok(Sample { commits, wire, ..sample })
    })
}

async fn commits(store: &CassandraEventStore, id: &str) -> Result<u64, Error> {
    let stream = StreamId::new(CATEGORY, id);
    let (mut commits, mut from) = (0, 1);
    loop {
        let page = store.read(&stream, from, 1_000).await?;
        commits += page.commits.len() as u64;
        match page.commits.last().filter(|_| page.more) {
            Some(last) => from = last.last_sequence + 1,
            None => return Ok(commits),
        }
    }
}

/// What [`execute`] has to send, without deciding anything.
fn insert(place: &Place, in_flight: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let ids = place.ids(in_flight);
    let each = scale.stored_each(in_flight);
    on_all_threads(async {
        let line = place.line(meter).await?;
        place.store(&line).await?;
        let statement = format!(
            "INSERT INTO {}.{CATEGORY}_events (aggregate_id, bucket, sequence, last_sequence, commit_id, parent, committed_at, codec, events, metadata) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) IF NOT EXISTS",
            place.keyspace
        );
        let mut statement = line.session.prepare(statement).await?;
        statement.set_consistency(Consistency::Quorum);
        let streams = ids.iter().map(|id| (id.clone(), Version::EMPTY));
        let begun = inserted(&line.session, &statement, streams.collect(), 1).await?;
        let before = line.bytes();
        let running = meter.start();
        let ended = inserted(&line.session, &statement, begun, each).await?;
        let sample = running.stop(each * in_flight);
        let wire = line.since(before);
        let app = App::builder(place.store(&line).await?).start().await?;
        for (id, _) in &ended {
            check(&app, id, 1 + each).await?;
        }
        Ok(Sample { wire, ..sample })
    })
}

type Streams = Vec<(String, Version)>;

async fn inserted(
    session: &Arc<Session>,
    statement: &PreparedStatement,
    streams: Streams,
    commits: u64,
) -> Result<Streams, Error> {
    let tasks = streams.into_iter().map(|(id, mut version)| {
        let (session, statement) = (session.clone(), statement.clone());
        tokio::spawn(async move {
            for _ in 0..commits {
                let commit = next(&version, &id)?;
                let values = (
                    &id,
                    0_i64,
                    commit.sequence.cast_signed(),
                    commit.last_sequence.cast_signed(),
                    commit.id,
                    commit.parent,
                    CqlTimestamp(commit.committed_at_millis()),
                    commit.codec.as_str(),
                    &commit.events,
                    &commit.metadata,
                );
                let rows = session.execute_unpaged(&statement, values).await?.into_rows_result()?;
                let (applied,) = rows.first_row::<(bool,)>()?;
                same("answer", applied, true)?;
                version = commit.version();
            }
            Ok::<_, Error>((id, version))
        })
    });
    let mut ended = Vec::new();
    for task in tasks.collect::<Vec<_>>() {
        ended.push(task.await??);
    }
    Ok(ended)
}

fn next(after: &Version, id: &str) -> Result<Commit, Error> {
    let Deposit { amount, reference } = Deposit::sample();
    let event = AccountEvent::Deposited(Deposited { amount, reference });
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[event])?;
    Ok(Commit::following(after, StreamId::new(CATEGORY, id), Codec::Bincode, frame))
}

impl Scale {
    /// How often a stream is read.
    fn reads(&self) -> u64 {
        (self.durable / 400).max(2)
    }
}

/// A stream of single commits.
async fn stream(place: &Place, line: &Line, events: u64) -> Result<String, Error> {
    let id = place.ids(1).remove(0);
    let store = place.store(line).await?;
    let mut version = Version::EMPTY;
    for _ in 0..events {
        let commit = Arc::new(next(&version, &id)?);
        version = commit.version();
        store.append(commit).await?;
    }
    Ok(id)
}

fn load(place: &Place, events: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let line = place.line(meter).await?;
        let id = stream(place, &line, events).await?;
        let app = App::builder(place.store(&line).await?).start().await?;
        check(&app, &id, events).await?;
        let before = line.bytes();
        let running = meter.start();
        for _ in 0..scale.reads() {
            same("version", black_box(app.load::<Account>(&id).await?).version, events)?;
        }
        let sample = running.stop(scale.reads() * events);
        Ok(Sample { wire: line.since(before), ..sample })
    })
}

/// What [`load`] has to ask for and decode, page by page.
fn read(place: &Place, events: u64, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let line = place.line(meter).await?;
        let id = stream(place, &line, events).await?;
        let statement = format!(
            "SELECT sequence, last_sequence, commit_id, parent, committed_at, codec, events, metadata FROM {}.{CATEGORY}_events WHERE aggregate_id = ? AND bucket = 0 ORDER BY sequence ASC",
            place.keyspace
        );
        let mut statement = line.session.prepare(statement).await?;
        statement.set_consistency(Consistency::Quorum);
        statement.set_page_size(256);
        bare(&line.session, &statement, &id, events).await?;
        let before = line.bytes();
        let running = meter.start();
        for _ in 0..scale.reads() {
            bare(&line.session, &statement, &id, events).await?;
        }
        let sample = running.stop(scale.reads() * events);
        Ok(Sample { wire: line.since(before), ..sample })
    })
}

type BareRow = (i64, i64, Uuid, Option<Uuid>, CqlTimestamp, String, Vec<u8>, Vec<u8>);

async fn bare(session: &Session, statement: &PreparedStatement, id: &str, events: u64) -> Result<(), Error> {
    let rows = session.execute_iter(statement.clone(), (id,)).await?;
    let mut rows = rows.rows_stream::<BareRow>()?;
    let mut state = Account::default();
    while let Some((.., frame, _)) = rows.try_next().await? {
        for raw in framing::events(&frame)? {
            let event = AccountEvent::decode(raw.name, raw.version, Codec::Bincode, raw.payload)?;
            state.apply_event(black_box(&event));
        }
    }
    same("deposits", state.deposits, events)
}
