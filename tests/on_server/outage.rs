//! Cassandra, Kafka or PostgreSQL cannot be reached for a while.

use std::{collections::HashMap, net::SocketAddr, sync::Arc, time::Duration};

use event_sourcing::{
    cassandra::CassandraEventStore, command::CommandExt, handler::ExecuteError, prelude::*, query::QueryError,
};
use scylla::client::{session::Session, session_builder::SessionBuilder};
use uuid::Uuid;

use super::{
    relay::Relay,
    world::{
        Count, Counts, Gate, PATIENCE, Pass, Place, broker, node, postgres, until, until_the_connector_knows,
    },
};

/// How long each is away; `ES_OUTAGE_SECONDS` says otherwise.
fn away() -> Duration {
    let seconds = std::env::var("ES_OUTAGE_SECONDS").map_or(10, |seconds| seconds.parse().unwrap());
    Duration::from_secs(seconds)
}

/// An App behind relays, and one beside it.
struct World {
    place: Place,
    cassandra: Relay,
    kafka: Relay,
    postgres: Relay,
    app: App,
    other: App,
    /// What has been acknowledged.
    people: u64,
}

impl World {
    async fn start() -> Self {
        let place = Place::new().await;
        let any = |ip| SocketAddr::new(ip, 0);
        let cassandra = Relay::start(any(node().ip()), node()).await;
        // The stack's broker has a second door, at one port, and tells who comes to it to come to another.
        let door = |more| SocketAddr::new(broker().ip(), broker().port() + more);
        let kafka = Relay::start(door(3), door(2)).await;
        let options = postgres();
        let server = SocketAddr::new(options.get_host().parse().unwrap(), options.get_port());
        let postgres = Relay::start(any(server.ip()), server).await;
        let options = options.host(&postgres.address.ip().to_string()).port(postgres.address.port());

        let other = App::builder(place.store().await).start().await.unwrap();
        let second = Duration::from_secs(1);
        let store = CassandraEventStore::builder([cassandra.address.to_string()]).keyspace(&place.name);
        let store = store.category("gate").request_timeout(second).settle_within(2 * second);
        let store = store.from_session(session(cassandra.address).await).await.unwrap();
        let app = App::builder(store).change_feed(place.feed(kafka.address)).read_patience(PATIENCE);
        let app = app.projection(Counts, place.views(options).await).start().await.unwrap();
        until_the_connector_knows(&other, &app).await;
        Self { place, cassandra, kafka, postgres, app, other, people: 0 }
    }

    async fn pass(&mut self, app: &App) -> Committed<Gate> {
        self.people += 1;
        app.execute(&"north".to_owned(), Pass(1)).await.unwrap()
    }

    /// Everything is up again, and nothing is missing.
    async fn assert_caught_up(&mut self) {
        until("all parts are up", async || self.app.health().await.is_up()).await;
        let other = self.other.clone();
        let done = self.pass(&other).await;
        let views = self.app.views_after::<Counts>(done.token()).await.unwrap();
        let due = Count { people: self.people, events: self.people };
        assert_eq!(views.get("north").await.unwrap(), Some(due));
    }

    async fn until_down(&self, part: &str) {
        until(&format!("{part} is down"), async || {
            let down = self.app.health().await.down();
            down.len() == 1 && down[0].0 == part
        })
        .await;
    }
}

/// Through the relay alone.
async fn session(relay: SocketAddr) -> Arc<Session> {
    let ways = [node(), relay].map(|said| (said, relay));
    let translate: HashMap<SocketAddr, SocketAddr> = ways.into();
    let builder = SessionBuilder::new().known_node_addr(relay).address_translator(Arc::new(translate));
    Arc::new(builder.build().await.unwrap())
}

/// What needs that part pauses or fails with what it is, the rest goes on, and all catches up by itself.
#[tokio::test(flavor = "multi_thread")]
async fn each_part_may_be_away_for_a_while() {
    let mut world = World::start().await;
    let (app, other) = (world.app.clone(), world.other.clone());
    world.pass(&app).await;
    world.assert_caught_up().await;

    world.postgres.cut().await;
    world.until_down("views of `counts`").await;
    world.pass(&app).await;
    let asked = app.views::<Counts>().unwrap().get("north").await;
    assert!(matches!(asked, Err(QueryError::Repository(_))), "{asked:?}");
    let done = world.pass(&other).await;
    let waited = app.views_after::<Counts>(done.token().within(Duration::from_millis(200))).await;
    assert!(matches!(waited, Err(QueryError::Behind { .. } | QueryError::Repository(_))), "{waited:?}");
    tokio::time::sleep(away()).await;
    world.postgres.mend().await;
    world.assert_caught_up().await;

    world.kafka.cut().await;
    world.until_down("feed").await;
    world.pass(&app).await;
    world.pass(&other).await;
    assert!(app.views::<Counts>().unwrap().get("north").await.unwrap().is_some());
    tokio::time::sleep(away()).await;
    world.kafka.mend().await;
    world.assert_caught_up().await;

    world.cassandra.cut().await;
    world.until_down("store").await;
    let command = Uuid::now_v7();
    let failed = app.execute(&"north".to_owned(), Pass(1).with_id(command)).await;
    let typed = matches!(
        failed,
        Err(ExecuteError::Append(_) | ExecuteError::Load(_) | ExecuteError::OutcomeUnknown { .. })
    );
    assert!(typed, "{failed:?}");
    // Another process still reaches it, and the view follows.
    let done = world.pass(&other).await;
    app.reached::<Counts>(done.token()).await.unwrap();
    tokio::time::sleep(away()).await;
    world.cassandra.mend().await;
    // The same command, until it is known to be done: it is done once.
    until("the command is done", async || {
        app.execute(&"north".to_owned(), Pass(1).with_id(command)).await.is_ok()
    })
    .await;
    world.people += 1;
    world.assert_caught_up().await;

    world.app.shutdown().await;
    world.place.close().await;
}
