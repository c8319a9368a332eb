use super::{ChangeFeed, FeedError, FeedEvent, Offset, Partition, Subscription};
use crate::BoxFuture;

/// A [`ChangeFeed`] behind one pointer.
pub(crate) trait DynFeed: Send + Sync {
    fn subscribe<'a>(
        &'a self,
        listener: &'a str,
        categories: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Box<dyn DynSubscription>, FeedError>>;
    fn is_complete(&self) -> bool;
}

/// A [`Subscription`] behind one pointer.
pub(crate) trait DynSubscription: Send {
    fn next(&mut self) -> BoxFuture<'_, Result<FeedEvent, FeedError>>;
    fn seek<'a>(
        &'a mut self,
        partition: &'a Partition,
        after: Option<i64>,
    ) -> BoxFuture<'a, Result<(), FeedError>>;
    fn saved<'a>(&'a mut self, offsets: &'a [Offset]) -> BoxFuture<'a, ()>;
    fn leave(&mut self) -> BoxFuture<'_, ()>;
}

impl<T: ChangeFeed> DynFeed for T {
    fn subscribe<'a>(
        &'a self,
        listener: &'a str,
        categories: &'a [&'static str],
    ) -> BoxFuture<'a, Result<Box<dyn DynSubscription>, FeedError>> {
        Box::pin(async move {
            let subscription = ChangeFeed::subscribe(self, listener, categories).await?;
            Ok(Box::new(subscription) as Box<dyn DynSubscription>)
        })
    }
    fn is_complete(&self) -> bool {
        ChangeFeed::is_complete(self)
    }
}

impl<T: Subscription> DynSubscription for T {
    fn next(&mut self) -> BoxFuture<'_, Result<FeedEvent, FeedError>> {
        Box::pin(Subscription::next(self))
    }
    fn seek<'a>(
        &'a mut self,
        partition: &'a Partition,
        after: Option<i64>,
    ) -> BoxFuture<'a, Result<(), FeedError>> {
        Box::pin(Subscription::seek(self, partition, after))
    }
    fn saved<'a>(&'a mut self, offsets: &'a [Offset]) -> BoxFuture<'a, ()> {
        Box::pin(Subscription::saved(self, offsets))
    }
    fn leave(&mut self) -> BoxFuture<'_, ()> {
        Box::pin(Subscription::leave(self))
    }
}
