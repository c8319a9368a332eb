//! See [`Plant::LossyFeed`](super::Plant::LossyFeed).

use event_sourcing::feed::{ChangeFeed, FeedError, FeedEvent, FeedPayload, Offset, Partition, Subscription};

/// A feed that loses one record of ten.
pub(crate) struct Lossy<F>(pub(crate) F);

impl<F: ChangeFeed> ChangeFeed for Lossy<F> {
    type Subscription = Lossy<F::Subscription>;

    async fn subscribe(
        &self,
        listener: &str,
        categories: &[&'static str],
    ) -> Result<Self::Subscription, FeedError> {
        self.0.subscribe(listener, categories).await.map(Lossy)
    }

    fn is_complete(&self) -> bool {
        true
    }
}

impl<S: Subscription> Subscription for Lossy<S> {
    async fn next(&mut self) -> Result<FeedEvent, FeedError> {
        let mut event = self.0.next().await?;
        if let FeedEvent::Records(records) = &mut event {
            for record in records.iter_mut().filter(|_| fastrand::u32(..10) == 0) {
                record.payload = FeedPayload::Other;
            }
        }
        Ok(event)
    }

    async fn seek(&mut self, partition: &Partition, after: Option<i64>) -> Result<(), FeedError> {
        self.0.seek(partition, after).await
    }

    async fn saved(&mut self, offsets: &[Offset]) {
        self.0.saved(offsets).await;
    }
}
