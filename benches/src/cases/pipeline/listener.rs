//! A listener with one projection.

use std::time::Duration;

use event_sourcing::{
    feed::{ChangeFeed, FeedError},
    kafka::{KafkaChangeFeed, KafkaSubscription},
    prelude::*,
    repository::Repository,
    sql::sqlx::{self, AssertSqlSafe, PgPool, postgres::PgConnectOptions},
};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::{
    super::{on_all_threads, same},
    topic::Topic,
};
use crate::{
    Error,
    bank::Deposited,
    meter::{Meter, Sample},
    process,
};

const LOOK: Duration = Duration::from_millis(1);

#[derive(Default, Serialize, Deserialize)]
pub(crate) struct Balance {
    balance: u64,
    deposits: u64,
}

pub(crate) struct Balances;

#[projection("balances", view = Balance, key = String)]
impl Balances {
    fn deposited(view: &mut Balance, event: &Deposited) {
        view.balance += event.amount;
        view.deposits += 1;
    }
}

/// The store behind the topic is empty: with its views compared, the listener would wait for it.
struct Alone(KafkaChangeFeed);

impl ChangeFeed for Alone {
    type Subscription = KafkaSubscription;
    async fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> Result<KafkaSubscription, FeedError> {
        self.0.subscribe(listener, categories).await
    }
    fn is_complete(&self) -> bool {
        true
    }
}

pub(crate) fn in_memory(topic: &Topic, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(run(topic, MemoryRepository::new(), meter))
}

pub(super) fn in_postgres(topic: &Topic, url: &str, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let options: PgConnectOptions = url.parse()?;
        let admin = PgPool::connect_with(options.clone()).await?;
        let schema = format!("es_bench_{}", Uuid::now_v7().simple());
        sqlx::raw_sql(AssertSqlSafe(format!("CREATE SCHEMA {schema}"))).execute(&admin).await?;
        let pool = PgPool::connect_with(options.options([("search_path", &*schema)])).await?;
        let sample = run(topic, PostgresRepository::new(&pool), meter).await;
        pool.close().await;
        sqlx::raw_sql(AssertSqlSafe(format!("DROP SCHEMA {schema} CASCADE"))).execute(&admin).await?;
        sample
    })
}

async fn run(topic: &Topic, views: impl Repository<Balances> + Clone, meter: Meter) -> Result<Sample, Error> {
    let app = App::builder(MemoryEventStore::new()).change_feed(Alone(topic.feed()?));
    let app = app.projection(Balances, views).start().await?;
    let (mut running, mut before) = (None, 0);
    let sample = loop {
        let status = app.projections().remove(0);
        if running.is_none() && status.applied > 0 {
            // What it takes to get there is the servers'.
            (running, before) = (Some(meter.start()), status.applied);
        }
        if status.applied == topic.commits {
            let running = running.ok_or("too few commits to measure")?;
            break process::with_memory(running.stop(topic.commits - before));
        }
        tokio::time::sleep(LOOK).await;
    };
    let total = app.views::<Balances>()?.all().await?.iter().map(|(_, view)| view.balance).sum();
    same("total", total, topic.total())?;
    app.shutdown().await;
    Ok(sample)
}
