use std::{future::Future, time::Duration};

use super::{Counts, Mirror, Totals};
use crate::{feed::ChangeFeed, repository::Repository, store::EventStore};

/// One set of data, empty at first, that a store can be opened over.
pub trait EventStoreFixture: Send + Sync + 'static {
    /// The store under test.
    type Store: EventStore;

    /// Opens the store. Called again, it opens the same data once more, beside the first handle or after it
    /// was dropped, as another process or a restart would.
    fn open(&self) -> impl Future<Output = Self::Store> + Send;
}

/// One set of data, empty at first, with a store to write and a feed to read.
pub trait ChangeFeedFixture: Send + Sync + 'static {
    /// Where commits are made.
    type Store: EventStore;
    /// The feed under test.
    type Feed: ChangeFeed;

    /// Opens both. Called again, it opens the same data once more; see [`EventStoreFixture::open`].
    fn open(&self) -> impl Future<Output = (Self::Store, Self::Feed)> + Send;

    /// How long a commit may take to arrive.
    fn patience(&self) -> Duration {
        Duration::from_secs(10)
    }
}

/// One set of data, empty at first, that a repository can be opened over.
pub trait RepositoryFixture: Send + Sync + 'static {
    /// The repository under test.
    type Repository: Repository<Counts> + Repository<Mirror> + Repository<Totals>;

    /// Opens the repository. Called again, it opens the same data once more; see [`EventStoreFixture::open`].
    fn open(&self) -> impl Future<Output = Self::Repository> + Send;
}

/// One set of data, empty at first, that a repository without transactions can be opened over.
///
/// Every [`RepositoryFixture`] is one, since a database with transactions can do what is asked here, too.
pub trait DocumentRepositoryFixture: Send + Sync + 'static {
    /// The repository under test.
    type Repository: Repository<Counts> + Repository<Mirror>;

    /// Opens the repository. Called again, it opens the same data once more; see [`EventStoreFixture::open`].
    fn open(&self) -> impl Future<Output = Self::Repository> + Send;
}

impl<F: RepositoryFixture> DocumentRepositoryFixture for F {
    type Repository = F::Repository;
    fn open(&self) -> impl Future<Output = Self::Repository> + Send {
        RepositoryFixture::open(self)
    }
}
