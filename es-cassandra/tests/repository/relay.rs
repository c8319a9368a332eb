//! Between the driver and each node: loses what it is told to lose.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
};

use scylla::client::{session::Session, session_builder::SessionBuilder};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt, copy},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};

use crate::cluster::{hosts, login};

/// A frame of the protocol's version 4: version, flags, stream, opcode, length.
const HEADER: usize = 9;
const OPCODE: usize = 4;
const EXECUTE: u8 = 0x0a;

/// What to lose: so many of the next executed statements, before they arrive or when they are answered.
#[derive(Default)]
pub struct Losses {
    pub requests: AtomicUsize,
    pub answers: AtomicUsize,
}

fn due(left: &AtomicUsize) -> bool {
    left.try_update(Ordering::SeqCst, Ordering::SeqCst, |left| left.checked_sub(1)).is_ok()
}

/// A session whose connections all go through relays.
pub async fn session(losses: &Arc<Losses>) -> Session {
    let mut relays = Vec::new();
    for host in hosts() {
        let node: SocketAddr = host.parse().unwrap();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        relays.push((node, listener.local_addr().unwrap()));
        tokio::spawn(relay(listener, node, losses.clone()));
    }
    // Nodes say their address alone: the driver takes the port to be that of the relay that it came through.
    let through =
        |port: u16| relays.iter().map(move |(node, relay)| (SocketAddr::new(node.ip(), port), *relay));
    let translated: HashMap<_, _> = relays.iter().flat_map(|(_, relay)| through(relay.port())).collect();
    let known = relays.iter().map(|(_, relay)| *relay);
    let mut builder = SessionBuilder::new().known_nodes_addr(known).address_translator(Arc::new(translated));
    if let Some((user, password)) = login() {
        builder = builder.user(user, password);
    }
    builder.build().await.unwrap()
}

async fn relay(listener: TcpListener, node: SocketAddr, losses: Arc<Losses>) {
    while let Ok((client, _)) = listener.accept().await {
        let losses = losses.clone();
        tokio::spawn(async move {
            let server = TcpStream::connect(node).await.unwrap();
            let (from_client, mut to_client) = client.into_split();
            let (mut from_server, to_server) = server.into_split();
            // Whichever ends first: both halves are dropped, and with them the connection.
            tokio::select! {
                () = requests(from_client, to_server, &losses) => {}
                _ = copy(&mut from_server, &mut to_client) => {}
            }
        });
    }
}

/// Passes requests on. Ends at one that is lost, or whose answer is.
async fn requests(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, losses: &Losses) {
    let mut frame = vec![0; HEADER];
    while from.read_exact(&mut frame[..HEADER]).await.is_ok() {
        let length = u32::from_be_bytes([frame[5], frame[6], frame[7], frame[8]]) as usize;
        frame.resize(HEADER + length, 0);
        if from.read_exact(&mut frame[HEADER..]).await.is_err() {
            return;
        }
        let executes = frame[OPCODE] == EXECUTE;
        if executes && due(&losses.requests) {
            return;
        }
        let silent = executes && due(&losses.answers);
        if to.write_all(&frame).await.is_err() {
            return;
        }
        if silent {
            // The server has it all, whatever becomes of this connection: it reads before it sees the end.
            let _ = to.shutdown().await;
            return;
        }
    }
}
