//! A proxy in front of each node, which does to requests what networks and servers do to them.
//!
//! It listens at the nodes' own addresses, on another port: the driver takes for granted that all nodes of a
//! cluster listen at the port that it was given, so what it finds out about them leads to the proxy as well.

mod connection;
mod frame;

pub use frame::Refusal;

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use es_cassandra::{Builder, CassandraEventStore};
use tokio::net::{TcpListener, TcpStream};

use crate::cluster::{Keyspace, addresses, replication};
use connection::Upstream;
use frame::Frame;

/// What a request is there for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// The conditional insert of a commit.
    Insert,
    /// The serial read of one place, which settles what became of an insert.
    Place,
    /// The commits of a bucket.
    Page,
    /// The last commit of a bucket.
    Head,
    /// All streams.
    Heads,
    LoadSnapshot,
    SaveSnapshot,
    Other,
}

impl Kind {
    fn of(statement: &str) -> Self {
        let has = |part| statement.contains(part);
        match () {
            () if has("_snapshots") && has("INSERT") => Self::SaveSnapshot,
            () if has("_snapshots") => Self::LoadSnapshot,
            () if !has("_events") => Self::Other,
            () if has("IF NOT EXISTS") => Self::Insert,
            () if has("AND sequence = ?") => Self::Place,
            () if has("sequence >= ?") => Self::Page,
            () if has("PER PARTITION LIMIT") => Self::Heads,
            () if has("LIMIT 1") => Self::Head,
            () => Self::Other,
        }
    }
}

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Pass,
    /// The connection breaks before the request reaches the server.
    CutBefore,
    /// The connection breaks once the request has left; the server gets it.
    CutSent,
    /// The connection breaks when the server has answered.
    CutAnswered,
    /// It gets lost, and nobody notices.
    Lose,
    /// Its answer gets lost.
    Mute,
    /// Its answer takes so much longer.
    Late(Duration),
    /// It stays in the network until [`Proxy::release`].
    Hold,
    /// The same, and an error says at once that it timed out.
    Strand,
    /// The server gets it, and answers with an error.
    Refuse(Refusal),
    /// An error, and the server does not get it.
    RefuseUnseen(Refusal),
}

/// A request that a fate is wanted for.
#[derive(Clone, Copy, Debug)]
pub struct Request {
    pub kind: Kind,
    /// Which node it is for, from 0.
    pub node: usize,
    /// How many of its kind there were, with it, since the plan was made.
    pub nth: u64,
}

type Plan = Box<dyn FnMut(Request) -> Fate + Send>;

/// Proxies of all nodes, under one plan.
pub struct Proxy {
    shared: Arc<Shared>,
    addresses: Vec<SocketAddr>,
}

struct Shared {
    plan: Mutex<Option<Plan>>,
    counts: Mutex<HashMap<Kind, Count>>,
    /// Statements by the names that servers gave them: the same text gets the same name everywhere.
    prepared: Mutex<HashMap<Vec<u8>, Kind>>,
    held: Mutex<Vec<(Frame, Upstream)>>,
}

/// What there was of a kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    pub requests: u64,
    /// Those that the replicas are to answer as if one after the other.
    pub serial: u64,
    /// Bytes of answers that came from the servers.
    pub answered: usize,
}

impl Proxy {
    /// In front of every node of the cluster.
    pub async fn start() -> Self {
        let nodes = addresses();
        let (listeners, addresses) = listen(&nodes).await;
        let shared = Arc::new(Shared {
            plan: Mutex::default(),
            counts: Mutex::default(),
            prepared: Mutex::default(),
            held: Mutex::default(),
        });
        for (number, (listener, node)) in listeners.into_iter().zip(nodes).enumerate() {
            let shared = shared.clone();
            tokio::spawn(async move {
                while let Ok((client, _)) = listener.accept().await {
                    let shared = shared.clone();
                    tokio::spawn(async move {
                        if let Ok(server) = TcpStream::connect(node).await {
                            connection::serve(shared, number, client, server).await;
                        }
                    });
                }
            });
        }
        Self { shared, addresses }
    }

    /// A store whose requests all go through here.
    pub fn store(&self, keyspace: &Keyspace) -> Builder {
        let hosts = self.addresses.iter().map(ToString::to_string);
        CassandraEventStore::builder(hosts).keyspace(keyspace.name()).create_if_missing(replication())
    }

    /// From now on, `plan` says what becomes of requests, and counts begin anew.
    pub fn plan(&self, plan: impl FnMut(Request) -> Fate + Send + 'static) {
        let mut current = self.shared.plan.lock().unwrap();
        self.shared.counts.lock().unwrap().clear();
        *current = Some(Box::new(plan));
    }

    /// From now on everything passes, but that.
    pub fn once(&self, kind: Kind, nth: u64, fate: Fate) {
        self.plan(move |request| if (request.kind, request.nth) == (kind, nth) { fate } else { Fate::Pass });
    }

    /// From now on everything passes.
    pub fn calm(&self) {
        self.plan(|_| Fate::Pass);
    }

    /// What there was of a kind since the plan was made.
    pub fn count(&self, kind: Kind) -> Count {
        self.shared.counts.lock().unwrap().get(&kind).copied().unwrap_or_default()
    }

    /// Waits until so many requests are held.
    pub async fn held(&self, count: usize) {
        super::until(async || self.shared.held.lock().unwrap().len() >= count).await;
    }

    /// Lets the held requests go on to their servers, and says how many there were.
    pub async fn release(&self) -> usize {
        let held = std::mem::take(&mut *self.shared.held.lock().unwrap());
        for (frame, server) in &held {
            server.send(frame).await;
        }
        held.len()
    }
}

/// A listener beside each node, all on one port.
async fn listen(nodes: &[SocketAddr]) -> (Vec<TcpListener>, Vec<SocketAddr>) {
    'port: loop {
        let first = TcpListener::bind((nodes[0].ip(), 0)).await.unwrap();
        let port = first.local_addr().unwrap().port();
        let mut listeners = vec![first];
        for node in &nodes[1..] {
            match TcpListener::bind((node.ip(), port)).await {
                Ok(listener) => listeners.push(listener),
                // Somebody has that port there: another one.
                Err(error) if error.kind() == std::io::ErrorKind::AddrInUse => continue 'port,
                Err(error) => panic!("{error}"),
            }
        }
        let addresses = listeners.iter().map(|listener| listener.local_addr().unwrap()).collect();
        return (listeners, addresses);
    }
}
