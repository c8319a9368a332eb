//! A process' way to the feed.

use std::{sync::Arc, time::Duration};

use es_core::{
    feed::{ChangeFeed, FeedError, FeedEvent, Offset, Partition, Subscription},
    projection::Projection,
};
use tokio::time::{Instant, sleep_until};

use super::{
    bank::{Statements, Total},
    feed::Sought,
    host::{Down, Fate, Host},
    world::Reach,
};

#[derive(Clone)]
pub struct SimFeed(pub Arc<Host>);

fn down(_: Down) -> FeedError {
    FeedError::Unavailable("the broker does not answer".into())
}

impl ChangeFeed for SimFeed {
    type Subscription = SimSubscription;

    async fn subscribe(&self, name: &str, _: &[&'static str]) -> Result<SimSubscription, FeedError> {
        let host = self.0.clone();
        let of = if name.starts_with(Total::NAME) { Total::NAME } else { Statements::NAME };
        host.look((Reach::Feed, of), "subscribe", 0, async {}).await.map_err(down)?;
        let member = host.world.log.join(name, &host);
        Ok(SimSubscription { host, of, name: name.to_owned(), member, due: None })
    }

    fn is_complete(&self) -> bool {
        self.0.world.plan.complete
    }
}

pub struct SimSubscription {
    host: Arc<Host>,
    of: &'static str,
    name: String,
    member: u64,
    /// When what comes next is here, and whether it is an error. Kept, because a listener often looks away.
    due: Option<(Instant, bool)>,
}

impl Subscription for SimSubscription {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        let host = self.host.clone();
        host.alive().await;
        let draw = || (Instant::now() + host.world.delay(), host.fate(Reach::Feed) != Fate::Answered);
        let (due, fails) = *self.due.get_or_insert_with(draw);
        sleep_until(due).await;
        if fails {
            self.due = None;
            host.note_of(self.of, "feed fails", 0, self.member);
            return Err(down(Down));
        }
        loop {
            host.alive().await;
            let mut arrived = std::pin::pin!(host.world.log.arrived.notified());
            arrived.as_mut().enable();
            if let Some(event) = host.world.log.next(&self.name, self.member, &host.world) {
                self.due = None;
                let (what, count) = match &event {
                    FeedEvent::Assigned(partitions) => ("assigned", partitions.len()),
                    FeedEvent::Revoked(partitions) => ("revoked", partitions.len()),
                    FeedEvent::Records(records) => ("records", records.len()),
                    _ => ("event", 0),
                };
                host.note_of(self.of, what, self.member, count as u64);
                return Ok(event);
            }
            arrived.await;
        }
    }

    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        let whom = partition.parse().unwrap();
        self.host.look((Reach::Feed, self.of), "seek", whom, async {}).await.map_err(down)?;
        match self.host.world.log.seek(&self.name, self.member, partition, after) {
            Sought::There => Ok(()),
            Sought::Gone => {
                self.host.note_of(self.of, "offset is gone", whom, after.unwrap_or(-1).cast_unsigned());
                let offset = after.unwrap_or(-1);
                Err(FeedError::OffsetOutOfRange { partition: partition.clone(), offset })
            }
        }
    }

    async fn saved(&mut self, _: &[Offset]) {
        self.host.alive().await;
    }

    async fn leave(&mut self) {
        // Or the broker finds out by itself.
        let patience = Duration::from_secs(3);
        let told = tokio::time::timeout(
            patience,
            self.host.look((Reach::Feed, self.of), "leave", self.member, async {}),
        )
        .await;
        if matches!(told, Ok(Ok(()))) {
            self.host.world.log.leave(&self.name, self.member);
        }
    }
}

impl Drop for SimSubscription {
    fn drop(&mut self) {
        if !self.host.is_dead() {
            self.host.world.log.leave(&self.name, self.member);
        }
    }
}
