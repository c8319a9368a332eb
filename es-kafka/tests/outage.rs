//! A broker that cannot be reached for a while.

use std::net::SocketAddr;

use es_core::{
    app::App,
    listener::ListenerState,
    repository::{MemoryRepository, Repository},
    store::{EventStore, MemoryEventStore},
};
use es_kafka::KafkaChangeFeed;
use tokio::{
    net::{TcpListener, TcpStream},
    task::{JoinHandle, JoinSet},
};

use crate::{
    broker::{Topics, door},
    clock::{CATEGORY, Seen, chain},
    listener::{Trusted, until},
};

/// Passes on what comes, until it is dropped: then every connection ends.
struct Proxy(JoinHandle<()>);

impl Proxy {
    async fn open(from: SocketAddr, to: SocketAddr) -> Self {
        let listener = TcpListener::bind(from).await.unwrap();
        Self(tokio::spawn(async move {
            let mut connections = JoinSet::new();
            loop {
                let (mut client, _) = listener.accept().await.unwrap();
                connections.spawn(async move {
                    let mut broker = TcpStream::connect(to).await.unwrap();
                    // However it ends, both sides see it.
                    let _ = tokio::io::copy_bidirectional(&mut client, &mut broker).await;
                });
            }
        }))
    }

    async fn close(self) {
        self.0.abort();
        let _ = self.0.await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_waits_for_the_broker_and_goes_on() {
    let (broker, advertised) = door();
    let topics = Topics::with(CATEGORY).await;
    let proxy = Proxy::open(advertised, broker).await;
    let (store, views) = (MemoryEventStore::new(), MemoryRepository::new());
    let commits = chain("a", &[1; 12]);
    for commit in &commits {
        store.append(commit.clone()).await.unwrap();
    }
    let feed = KafkaChangeFeed::builder(advertised.to_string()).keyspace(&*topics.keyspace).build().unwrap();
    let app =
        App::builder(store).change_feed(Trusted(feed)).projection(Seen, views.clone()).start().await.unwrap();
    let seen = async || -> Vec<u64> {
        let bytes = Repository::<Seen>::get(&views, "a").await.unwrap();
        bytes.map(|bytes| serde_json::from_slice(&bytes).unwrap()).unwrap_or_default()
    };
    for commit in &commits[..4] {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || seen().await.len() == 4).await;

    proxy.close().await;
    for commit in &commits[4..8] {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || match &app.projections()[0].state {
        ListenerState::Waiting { error, .. } => error.contains("no broker of"),
        _ => false,
    })
    .await;
    assert_eq!(seen().await.len(), 4);

    let _proxy = Proxy::open(advertised, broker).await;
    for commit in &commits[8..] {
        topics.publish(CATEGORY, commit).await;
    }
    until(async || seen().await.len() == 12).await;
    assert_eq!(seen().await, (1..=12).collect::<Vec<_>>());
    let status = app.projections().remove(0);
    assert_eq!((status.state, status.fetched, status.duplicates), (ListenerState::Running, 0, 0));
}
