//! See [`Plant::NoVerify`], [`Plant::NoGapFetch`] and [`Plant::OffsetsFirst`].

use event_sourcing::feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, Offset, Partition, Subscription};

use super::Plant;

/// A feed that may lose one record of ten, and may say that it is complete.
pub(crate) struct Lossy<F> {
    feed: F,
    plant: Plant,
}

impl<F> Lossy<F> {
    pub(crate) fn new(feed: F, plant: Plant) -> Self {
        Self { feed, plant }
    }
}

impl<F: ChangeFeed> ChangeFeed for Lossy<F> {
    type Subscription = Lossy<F::Subscription>;

    async fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> Result<Self::Subscription, FeedError> {
        Ok(Lossy::new(self.feed.subscribe(listener, categories).await?, self.plant))
    }

    fn is_complete(&self) -> bool {
        self.plant.is_complete()
    }
}

impl<S: Subscription> Subscription for Lossy<S> {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        let mut event = self.feed.next().await?;
        if let FeedEvent::Records(records) = &mut event
            && self.plant.is_lossy()
        {
            for record in records.iter_mut().filter(|_| fastrand::u32(..10) == 0) {
                record.payload = FeedPayload::Other;
            }
        }
        Ok(event)
    }

    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        self.feed.seek(partition, after).await
    }

    async fn saved(&mut self, offsets: &[Offset]) {
        self.feed.saved(offsets).await;
    }

    async fn leave(&mut self) {
        self.feed.leave().await;
    }
}
