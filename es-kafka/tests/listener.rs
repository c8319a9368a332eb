//! A listener that remembers all it was told, and checks that it was told in order.

use std::{
    collections::{BTreeSet, HashMap},
    sync::{Arc, Mutex},
    time::Duration,
};

use es_core::feed::{ChangeFeed, FeedError, FeedEvent, FeedRecord, Offset, Partition, Subscription};
use es_kafka::{KafkaChangeFeed, KafkaSubscription};

/// A feed of which nothing is ever lost, as far as its listener knows: the views are not compared with the store, so that
/// a test sees what the feed alone does.
#[derive(Debug)]
pub struct Trusted(pub KafkaChangeFeed);

impl ChangeFeed for Trusted {
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

/// Waits until `condition` holds, for two minutes at most.
pub async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(120), holds).await.expect("it comes to that within two minutes");
}

#[derive(Default)]
struct Told {
    owned: BTreeSet<Partition>,
    /// Those that were taken away, each time.
    revoked: Vec<Vec<Partition>>,
    records: Vec<FeedRecord>,
    failed: Option<FeedError>,
}

/// The offsets that all listeners of a test have saved.
pub type Saved = Arc<Mutex<HashMap<Partition, i64>>>;

/// A listener at work. Dropped, it leaves.
pub struct Listener {
    told: Arc<Mutex<Told>>,
    task: tokio::task::JoinHandle<()>,
}

impl Listener {
    pub fn start(
        feed: &KafkaChangeFeed,
        name: &str,
        categories: &'static [&'static str],
        saved: &Saved,
    ) -> Self {
        let told = Arc::<Mutex<Told>>::default();
        let task =
            tokio::spawn(listen(feed.clone(), name.to_owned(), categories, saved.clone(), told.clone()));
        Self { told, task }
    }

    pub fn owned(&self) -> BTreeSet<Partition> {
        assert!(self.told.lock().unwrap().failed.is_none(), "{:?}", self.told.lock().unwrap().failed);
        self.told.lock().unwrap().owned.clone()
    }

    pub fn revoked(&self) -> Vec<Vec<Partition>> {
        self.told.lock().unwrap().revoked.clone()
    }

    pub fn records(&self) -> Vec<FeedRecord> {
        self.told.lock().unwrap().records.clone()
    }

    pub async fn leave(self) {
        self.task.abort();
        let ended = self.task.await;
        assert!(ended.is_err_and(|error| error.is_cancelled()), "the listener came to no end of its own");
    }
}

async fn listen(
    feed: KafkaChangeFeed,
    name: String,
    categories: &'static [&'static str],
    saved: Saved,
    told: Arc<Mutex<Told>>,
) {
    let mut subscription = feed.subscribe(&name, categories).await.unwrap();
    loop {
        match subscription.next().await {
            Ok(FeedEvent::Assigned(partitions)) => {
                for partition in partitions {
                    let after = saved.lock().unwrap().get(&partition).copied();
                    subscription.seek(&partition, after).await.unwrap();
                    assert!(told.lock().unwrap().owned.insert(partition), "assigned twice");
                }
            }
            Ok(FeedEvent::Revoked(partitions)) => {
                let mut told = told.lock().unwrap();
                for partition in &partitions {
                    assert!(told.owned.remove(partition), "{partition} was not ours");
                }
                told.revoked.push(partitions);
            }
            Ok(FeedEvent::Records(records)) => {
                let mut offsets = HashMap::new();
                {
                    let mut told = told.lock().unwrap();
                    let mut saved = saved.lock().unwrap();
                    for record in records {
                        assert!(told.owned.contains(&record.partition), "{} is not ours", record.partition);
                        saved.insert(record.partition.clone(), record.offset);
                        offsets.insert(record.partition.clone(), record.offset);
                        told.records.push(record);
                    }
                }
                let offsets: Vec<_> =
                    offsets.into_iter().map(|(partition, offset)| Offset { partition, offset }).collect();
                subscription.saved(&offsets).await;
            }
            Ok(_) => {}
            Err(error) => {
                told.lock().unwrap().failed = Some(error);
                return;
            }
        }
    }
}
