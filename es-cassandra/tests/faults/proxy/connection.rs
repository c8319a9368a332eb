//! One connection of the driver, and the one to the server behind it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::Duration,
};

use tokio::{
    io::AsyncWriteExt,
    net::{
        TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::{Mutex as AsyncMutex, watch},
};

use super::{Fate, Frame, Kind, Refusal, Request, Shared};

/// As the protocol numbers it.
const SERIAL: u16 = 8;

/// The way to a server: held requests keep it open when the driver has gone.
#[derive(Clone)]
pub struct Upstream(Arc<AsyncMutex<OwnedWriteHalf>>);

impl Upstream {
    pub async fn send(&self, frame: &Frame) {
        // A server that has closed the connection does not get it: so it is with networks.
        let _ = self.0.lock().await.write_all(frame.bytes()).await;
    }
}

/// The way to the driver, until the connection is cut.
#[derive(Clone)]
struct Downstream(Arc<AsyncMutex<OwnedWriteHalf>>);

impl Downstream {
    async fn send(&self, frame: &Frame) {
        let _ = self.0.lock().await.write_all(frame.bytes()).await;
    }
}

/// What is to be done with the answer to a request.
enum Awaited {
    /// It says what a statement is called.
    Name(Kind),
    Pass,
    Cut,
    Drop,
    Late(Duration),
    Replace(Frame),
}

type Answers = Mutex<HashMap<[u8; 2], (Kind, Awaited)>>;

/// Serves a connection until either side ends it. What was sent to the server stays sent.
pub async fn serve(shared: Arc<Shared>, node: usize, client: TcpStream, server: TcpStream) {
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let down = Downstream(Arc::new(AsyncMutex::new(to_client)));
    let up = Upstream(Arc::new(AsyncMutex::new(to_server)));
    let answers = Arc::new(Answers::default());
    let (cut, is_cut) = watch::channel(false);
    let cut = Arc::new(cut);
    let answering = answer(shared.clone(), from_server, down.clone(), answers.clone(), cut.clone());
    let answering = tokio::spawn(answering);
    request(shared, node, from_client, &down, up, &answers, is_cut, &cut).await;
    // The driver has gone, or was cut off: both directions end. Answers that still come are thrown away.
    let _ = down.0.lock().await.shutdown().await;
    drop(down);
    let _ = answering.await;
}

#[allow(clippy::too_many_arguments, reason = "the ends of two connections")]
async fn request(
    shared: Arc<Shared>,
    node: usize,
    mut from: OwnedReadHalf,
    down: &Downstream,
    up: Upstream,
    answers: &Answers,
    mut is_cut: watch::Receiver<bool>,
    cut: &watch::Sender<bool>,
) {
    loop {
        let frame = tokio::select! {
            frame = Frame::read(&mut from) => frame,
            () = async { drop(is_cut.wait_for(|cut| *cut).await) } => None,
        };
        let Some(mut frame) = frame else { return };
        if let Some(statement) = frame.prepares() {
            let awaited = (Kind::Other, Awaited::Name(Kind::of(&statement)));
            answers.lock().unwrap().insert(frame.stream(), awaited);
            up.send(&frame).await;
            continue;
        }
        let Some(kind) = frame.executes().and_then(|name| shared.kind_of(name)) else {
            up.send(&frame).await;
            continue;
        };
        let fate = shared.fate(kind, node, frame.consistency() == Some(SERIAL));
        let awaited = match fate {
            Fate::Pass | Fate::Hold => Awaited::Pass,
            Fate::CutAnswered => Awaited::Cut,
            Fate::Mute | Fate::CutSent | Fate::Strand => Awaited::Drop,
            Fate::Late(delay) => Awaited::Late(delay),
            Fate::Refuse(refusal) => Awaited::Replace(Frame::error(frame.stream(), refusal)),
            Fate::RefuseUnseen(refusal) => {
                down.send(&Frame::error(frame.stream(), refusal)).await;
                continue;
            }
            Fate::Lose => continue,
            Fate::CutBefore => {
                let _ = cut.send(true);
                return;
            }
        };
        if fate == Fate::Strand {
            down.send(&Frame::error(frame.stream(), Refusal::WriteTimeout)).await;
            frame.make_stray();
        }
        answers.lock().unwrap().insert(frame.stream(), (kind, awaited));
        if matches!(fate, Fate::Hold | Fate::Strand) {
            shared.held.lock().unwrap().push((frame, up.clone()));
            continue;
        }
        up.send(&frame).await;
        if fate == Fate::CutSent {
            let _ = cut.send(true);
            return;
        }
    }
}

async fn answer(
    shared: Arc<Shared>,
    mut from: OwnedReadHalf,
    down: Downstream,
    answers: Arc<Answers>,
    cut: Arc<watch::Sender<bool>>,
) {
    while let Some(frame) = Frame::read(&mut from).await {
        let awaited = answers.lock().unwrap().remove(&frame.stream());
        let Some((kind, awaited)) = awaited else {
            down.send(&frame).await;
            continue;
        };
        shared.counts.lock().unwrap().entry(kind).or_default().answered += frame.bytes().len();
        match awaited {
            Awaited::Name(kind) => {
                if let Some(name) = frame.prepared() {
                    shared.prepared.lock().unwrap().insert(name, kind);
                }
                down.send(&frame).await;
            }
            Awaited::Pass => down.send(&frame).await,
            Awaited::Drop => {}
            Awaited::Cut => {
                let _ = cut.send(true);
            }
            Awaited::Replace(error) => down.send(&error).await,
            Awaited::Late(delay) => {
                let down = down.clone();
                tokio::spawn(async move {
                    tokio::time::sleep(delay).await;
                    down.send(&frame).await;
                });
            }
        }
    }
    // The server has ended the connection.
    let _ = cut.send(true);
}

impl Shared {
    fn kind_of(&self, name: &[u8]) -> Option<Kind> {
        self.prepared.lock().unwrap().get(name).copied().filter(|kind| *kind != Kind::Other)
    }

    fn fate(&self, kind: Kind, node: usize, is_serial: bool) -> Fate {
        let mut plan = self.plan.lock().unwrap();
        let nth = {
            let mut counts = self.counts.lock().unwrap();
            let count = counts.entry(kind).or_default();
            count.requests += 1;
            count.serial += u64::from(is_serial);
            count.requests
        };
        plan.as_mut().map_or(Fate::Pass, |plan| plan(Request { kind, node, nth }))
    }
}
