//! A feed, a store and a repository that do what a test tells them, and a projection that shows what it saw.

mod feed;
mod seen;
mod store;
mod views;

use std::time::Duration;

use es_core::{
    app::App,
    listener::{ListenerState, ProjectionStatus},
    repository::Repository,
};

pub use feed::{Feed, record};
pub use seen::{Counted, Mean, Poison, Seen, Stopping, Sum, Tick, commit, stream};
pub use store::Store;
pub use views::Views;

/// An App with one [`Seen`] over all of these.
pub struct World {
    pub feed: Feed,
    pub store: Store,
    pub views: Views,
    pub poison: Poison,
    pub app: App,
}

impl World {
    pub async fn start() -> Self {
        Self::over(Feed::assigned(&["p"]), Store::default(), Views::default()).await
    }

    pub async fn over(feed: Feed, store: Store, views: Views) -> Self {
        let poison = Poison::default();
        let builder = App::builder(store.clone()).change_feed(feed.clone());
        let builder = builder.read_patience(Duration::from_secs(60));
        let app = builder.projection(Seen(poison.clone()), views.clone()).start().await.unwrap();
        Self { feed, store, views, poison, app }
    }

    /// The sequences that the view of `id` saw, in that order.
    pub async fn seen(&self, id: &str) -> Vec<u64> {
        self.app.views::<Seen>().unwrap().get(id).await.unwrap().unwrap_or_default()
    }

    /// Waits until the view has come to its end, and says what it saw.
    pub async fn settled(&self, id: &str) -> Vec<u64> {
        self.app.caught_up(Duration::from_secs(60)).await.unwrap();
        self.seen(id).await
    }

    pub fn status(&self) -> ProjectionStatus {
        self.app.projections().remove(0)
    }

    pub async fn offsets(&self) -> Vec<(String, i64)> {
        let saved = Repository::<Seen>::offsets(&self.views.inner).await.unwrap();
        saved.into_iter().map(|o| (o.partition.to_string(), o.offset)).collect()
    }

    pub async fn parked(&self) -> Vec<(String, u64, String)> {
        let parked = self.app.parked::<Seen>(10).await.unwrap();
        let shown = parked.into_iter().map(|p| (p.stream.id.to_string(), p.checkpoint.parked.unwrap()));
        shown.map(|(id, parked)| (id, parked.sequence, parked.error)).collect()
    }
}

/// Waits until `condition` holds, for a minute at most.
pub async fn until(condition: impl AsyncFn() -> bool) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
    };
    tokio::time::timeout(Duration::from_secs(60), holds).await.expect("it comes to that within a minute");
}

pub async fn until_stopped(app: &App) -> ListenerState {
    until(async || matches!(app.projections()[0].state, ListenerState::Stopped(_))).await;
    app.projections().remove(0).state
}
