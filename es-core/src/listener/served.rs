//! A projection's views and their listener, which a rebuild exchanges for new ones.

use std::{
    sync::{
        Arc, Mutex, PoisonError, RwLock, Weak,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::time::Instant;

use super::{Listener, ListenerHandle, StopReason, Verified, rebuild::KEEP_OLD};
use crate::{
    feed::DynFeed,
    query::{QueryError, ReadToken},
    repository::{DynRepository, RepositoryError},
    store::DynStore,
};

/// How often a process looks whether another one has rebuilt the views.
pub(super) const NOTICED_WITHIN: Duration = Duration::from_secs(1);
const SOON: Duration = Duration::from_millis(20);

/// A projection's views: from which generation they are served, and who keeps it up to date.
pub(crate) struct Served {
    /// What a listener of any generation is made of; its repository is the first generation's.
    pub(super) listener: Listener,
    pub(super) feed: Arc<dyn DynFeed>,
    pub(super) tokio: tokio::runtime::Handle,
    current: RwLock<Arc<Serving>>,
    /// When it was last certain that `current` is what serves.
    looked: Mutex<Instant>,
    stopped: AtomicBool,
}

/// One generation of the views, and its listener.
pub(crate) struct Serving {
    pub(crate) generation: u32,
    pub(crate) repository: Arc<dyn DynRepository>,
    pub(crate) listener: ListenerHandle,
}

impl Served {
    /// Starts to listen for the generation that serves.
    pub(crate) async fn start(
        listener: Listener,
        feed: Arc<dyn DynFeed>,
        tokio: &tokio::runtime::Handle,
    ) -> Result<Arc<Self>, RepositoryError> {
        let generation = listener.repository.generations().await?.serving;
        let serving = Arc::new(serving(&listener, &feed, tokio, generation));
        let can_rebuild = listener.repository.at_generation(generation).is_some();
        let (current, stopped) = (RwLock::new(serving), AtomicBool::new(false));
        let looked = Mutex::new(Instant::now());
        let served = Arc::new(Self { listener, feed, tokio: tokio.clone(), current, looked, stopped });
        if can_rebuild {
            tokio.spawn(follow(Arc::downgrade(&served)));
        }
        Ok(served)
    }

    pub(crate) fn projection(&self) -> &'static str {
        self.listener.projection
    }

    pub(crate) fn category(&self) -> Option<&'static str> {
        self.listener.categories.first().copied()
    }

    pub(crate) fn current(&self) -> Arc<Serving> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The generation that serves, where it is not `generation` any more. Only to be asked when something is missing:
    /// it asks the database.
    pub(crate) async fn newer_than(
        &self,
        generation: u32,
    ) -> Result<Option<(u32, Arc<dyn DynRepository>)>, RepositoryError> {
        let repository = &self.listener.repository;
        if repository.at_generation(generation).is_none() {
            return Ok(None);
        }
        let serving = repository.generations().await?.serving;
        let newer = repository.at_generation(serving).filter(|_| serving > generation);
        Ok(newer.map(|newer| (serving, newer)))
    }

    /// Whether the rows of before may be there in part: this process stood still for so long that others may have
    /// rebuilt them, and begun to remove these.
    pub(crate) fn may_be_removed(&self) -> bool {
        // Half of what they are kept for.
        let looked = self.looked.lock().unwrap_or_else(PoisonError::into_inner);
        looked.elapsed() > KEEP_OLD / 2
    }

    fn looked(&self, at: Instant) {
        *self.looked.lock().unwrap_or_else(PoisonError::into_inner) = at;
    }

    /// A listener for `generation`, at work.
    pub(super) fn at(&self, generation: u32) -> Serving {
        serving(&self.listener, &self.feed, &self.tokio, generation)
    }

    /// Serves from a generation that has taken over, and ends the listener of the one before.
    pub(super) async fn switch(&self, to: Serving) {
        let to = Arc::new(to);
        let before = {
            let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
            if current.generation > to.generation {
                // Another process has rebuilt since, and this one has noticed: a step back would show less.
                to
            } else {
                std::mem::replace(&mut *current, to)
            }
        };
        let to = self.current();
        before.listener.ask_to_stop();
        if self.stopped.load(Ordering::SeqCst) {
            // The App was shut down meanwhile, and has not seen this one.
            to.listener.ask_to_stop();
        }
        before.listener.stopped().await;
        tracing::info!(
            projection = self.projection(),
            generation = to.generation,
            "a rebuilt generation has taken over"
        );
    }

    /// Waits until the view shows `token`, whichever generation serves by then.
    pub(crate) async fn reach(&self, token: &ReadToken, deadline: Instant) -> Result<(), QueryError> {
        loop {
            let current = self.current();
            let reached = current.listener.reach(token, deadline).await;
            if !self.goes_on(&current, &reached, deadline).await {
                return reached;
            }
        }
    }

    /// Waits until the view shows all that is in the store now.
    pub(crate) async fn caught_up(&self, store: &dyn DynStore, deadline: Instant) -> Result<(), QueryError> {
        loop {
            let current = self.current();
            let reached = current.listener.caught_up(store, deadline).await;
            if !self.goes_on(&current, &reached, deadline).await {
                return reached;
            }
        }
    }

    /// Compares the views with the store now; see [`Verified`].
    pub(crate) async fn verify(&self) -> Result<Verified, QueryError> {
        loop {
            let current = self.current();
            let found = current.listener.verify().await?;
            let is_well = found.behind == 0 && found.diverged == 0;
            if is_well || self.newer_than(current.generation).await?.is_none() || self.is_stopped() {
                return Ok(found);
            }
            // Those rows do not serve any more, and nobody goes on with them. This process is about to notice.
            tokio::time::sleep(SOON).await;
        }
    }

    /// Whether a wait ended only because the generation that serves was exchanged, and goes on with the next one.
    async fn goes_on(&self, waited: &Arc<Serving>, end: &Result<(), QueryError>, deadline: Instant) -> bool {
        let Err(QueryError::Stopped { reason, .. }) = end else { return false };
        if !Arc::ptr_eq(waited, &self.current()) {
            return true;
        }
        // Another process has taken over, and this one is about to notice.
        let soon = *reason == StopReason::Superseded && !self.is_stopped() && Instant::now() < deadline;
        if soon {
            tokio::time::sleep(SOON).await;
        }
        soon
    }

    pub(crate) fn ask_to_stop(&self) {
        self.stopped.store(true, Ordering::SeqCst);
        self.current().listener.ask_to_stop();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::SeqCst)
    }
}

fn serving(
    listener: &Listener,
    feed: &Arc<dyn DynFeed>,
    tokio: &tokio::runtime::Handle,
    generation: u32,
) -> Serving {
    let repository = listener.repository.at_generation(generation).unwrap_or(listener.repository.clone());
    let listener = Listener { repository: repository.clone(), generation, ..listener.clone() };
    Serving { generation, repository, listener: listener.spawn(feed.clone(), tokio) }
}

/// Follows what other processes rebuild, until the App is gone.
async fn follow(served: Weak<Served>) {
    loop {
        tokio::time::sleep(NOTICED_WITHIN).await;
        let Some(served) = served.upgrade() else { return };
        if served.is_stopped() {
            return;
        }
        let (current, began) = (served.current(), Instant::now());
        match served.listener.repository.generations().await {
            // Numbers only grow, so this is never a step back.
            Ok(found) if found.serving > current.generation => {
                let taken = served.at(found.serving);
                // This process may have taken over meanwhile.
                if served.current().generation < found.serving {
                    served.switch(taken).await;
                }
                served.looked(began);
            }
            Ok(_) => served.looked(began),
            Err(error) => {
                tracing::debug!(projection = served.projection(), %error, "the generations cannot be looked up");
            }
        }
    }
}
