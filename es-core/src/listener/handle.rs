use std::sync::{Arc, Mutex, PoisonError};

use tokio::{
    sync::{mpsc, watch},
    time::{Duration, Instant},
};

use super::{
    Listener, ListenerState, ProjectionStatus, StopReason, Verified,
    counts::Counts,
    lag::Lag,
    progress::Progress,
    run::run,
    verify::{GRACE, Verifier},
};
use crate::{
    feed::DynFeed,
    query::{QueryError, ReadToken},
    repository::{Checkpoint, DynRepository, RepositoryError},
    store::{DynStore, StreamId},
};

/// How often a view that another process may be writing is looked at.
const FIRST_LOOK: Duration = Duration::from_millis(5);
const LATER_LOOK: Duration = Duration::from_millis(100);
/// A look may take so long, however soon the answer is wanted.
const LEAST_LOOK: Duration = Duration::from_millis(100);
/// How long the feed may take with a commit that somebody waits for, before it is fetched from the store.
const FEED_PATIENCE: Duration = Duration::from_millis(500);
/// Hints that may wait for a listener.
const MOST_HINTS: usize = 1024;

/// What a listener and those who watch it share.
pub(super) struct Shared {
    pub(super) projection: &'static str,
    pub(super) counts: Counts,
    pub(super) lag: Lag,
    pub(super) progress: Progress,
    pub(super) state: watch::Sender<ListenerState>,
}

impl Shared {
    pub(super) fn running(&self) {
        self.state.send_replace(ListenerState::Running);
    }
}

/// A listener, as the rest of the App sees it. The listener ends when this is dropped.
pub(crate) struct ListenerHandle {
    pub(super) shared: Arc<Shared>,
    categories: Vec<&'static str>,
    pub(super) repository: Arc<dyn DynRepository>,
    pub(super) store: Arc<dyn DynStore>,
    pub(super) hints: mpsc::Sender<StreamId>,
    /// Of the listener, and of its verifier: those who wait for one of these are woken in an order that tokio leaves
    /// to chance.
    stop: [watch::Sender<bool>; 2],
    task: Mutex<Option<tokio::task::JoinHandle<()>>>,
}

impl Listener {
    /// Starts to listen.
    pub(crate) fn spawn(self, feed: Arc<dyn DynFeed>, tokio: &tokio::runtime::Handle) -> ListenerHandle {
        let shared = Arc::new(Shared {
            projection: self.projection,
            counts: Counts::new(self.projection),
            lag: Lag::new(self.projection),
            progress: Progress::default(),
            state: watch::Sender::new(ListenerState::Running),
        });
        let (hints, hinted) = mpsc::channel(MOST_HINTS);
        let (stop_verifier, verifier_stopped) = watch::channel(false);
        let (stop, stopped) = watch::channel(false);
        let (categories, repository) = (self.categories.clone(), self.repository.clone());
        let store = self.store.clone();
        let verifier = Verifier {
            shared: shared.clone(),
            categories: categories.clone(),
            repository: repository.clone(),
            store: store.clone(),
            hints: hints.clone(),
        };
        // One that waits is enough.
        let (verify, asked) = mpsc::channel(1);
        // Ends when the listener does, which holds `verify`.
        tokio.spawn(verifier.run(self.verify_every, asked, verifier_stopped));
        let task = tokio.spawn(run(self, feed, shared.clone(), stopped, hinted, verify));
        let (stop, task) = ([stop, stop_verifier], Mutex::new(Some(task)));
        ListenerHandle { shared, categories, repository, store, hints, stop, task }
    }
}

impl ListenerHandle {
    pub(crate) fn ask_to_stop(&self) {
        for stop in &self.stop {
            stop.send_replace(true);
        }
    }

    /// Waits until the listener has ended.
    pub(crate) async fn stopped(&self) {
        let task = self.task.lock().unwrap_or_else(PoisonError::into_inner).take();
        match task {
            // A panic is in the state already.
            Some(task) => drop(task.await),
            // Somebody else waits for the task, or has given up waiting.
            None => drop(self.ended().await),
        }
    }

    pub(crate) fn status(&self) -> ProjectionStatus {
        let (counts, unapplied) = (&self.shared.counts, self.shared.lag.now());
        ProjectionStatus {
            projection: self.shared.projection,
            state: self.shared.state.borrow().clone(),
            applied: counts.applied.get(),
            duplicates: counts.duplicates.get(),
            held: counts.held.get(),
            fetched: counts.fetched.get(),
            retries: counts.retries.get(),
            parked: counts.parked.get(),
            foreign: counts.foreign.get(),
            malformed: counts.malformed.get(),
            behind: counts.behind.get(),
            diverged: counts.diverged.get(),
            unapplied: unapplied.commits,
            lag: unapplied.lag(),
        }
    }

    /// Waits until the view shows `token`, or never will: the projection does not listen to that category, or
    /// has set the aggregate aside.
    pub(crate) async fn reach(&self, token: &ReadToken, deadline: Instant) -> Result<(), QueryError> {
        let ReadToken { stream, sequence } = token;
        if *sequence == 0 || !self.categories.iter().any(|category| *category == stream.category) {
            return Ok(());
        }
        let started = Instant::now();
        let mut waiting = self.shared.progress.wait(stream, *sequence);
        let mut state = self.shared.state.subscribe();
        let mut pause = FIRST_LOOK;
        let mut ask_store = started + FEED_PATIENCE;
        loop {
            let state_now = state.borrow_and_update().clone();
            let behind = || QueryError::Behind {
                projection: self.shared.projection,
                token: token.to_string(),
                waited: started.elapsed(),
            };
            // A view database that does not answer keeps nobody waiting for longer than they asked for.
            let look = tokio::time::timeout_at(deadline.max(started + LEAST_LOOK), self.checkpoint(stream));
            let checkpoint = look.await.map_err(|_| behind())??;
            if checkpoint.applied >= *sequence || checkpoint.parked.is_some() {
                return Ok(());
            }
            let projection = self.shared.projection;
            if let ListenerState::Stopped(reason) = state_now {
                return Err(QueryError::Stopped { projection, reason });
            }
            if deadline <= Instant::now() {
                return Err(behind());
            }
            if ask_store <= Instant::now() {
                // The token says that the commit is stored, so the feed is only late with it. Where hints wait
                // already, the next look asks again.
                let _ = self.hints.try_send(stream.clone());
                ask_store = Instant::now() + FEED_PATIENCE;
            }
            tokio::select! {
                biased;
                // The sender lives as long as `waiting` does.
                _ = &mut waiting.woken => return Ok(()),
                _ = state.changed() => {}
                () = tokio::time::sleep_until(deadline.min(Instant::now() + pause)) => {}
            }
            pause = (pause * 2).min(LATER_LOOK);
        }
    }

    /// Waits until the view shows all that is in the store now.
    pub(crate) async fn caught_up(&self, store: &dyn DynStore, deadline: Instant) -> Result<(), QueryError> {
        const PAGE: usize = 1000;
        for category in &self.categories {
            let mut after: Option<String> = None;
            loop {
                let page = store.heads(category, after.as_deref(), PAGE).await?;
                let streams: Vec<_> = page.heads.iter().map(|(stream, _)| stream.clone()).collect();
                let checkpoints = self.repository.checkpoints(&streams).await?;
                for ((stream, head), checkpoint) in page.heads.into_iter().zip(checkpoints) {
                    let sequence = head.last_sequence();
                    if checkpoint.applied < sequence && checkpoint.parked.is_none() {
                        self.reach(&ReadToken { stream, sequence }, deadline).await?;
                    }
                }
                match page.next {
                    Some(next) => after = Some(next),
                    None => break,
                }
            }
        }
        Ok(())
    }

    /// Compares the views with the store now, and has fetched what is behind; see [`Verified`].
    pub(crate) async fn verify(&self) -> Result<Verified, QueryError> {
        let verifier = Verifier {
            shared: self.shared.clone(),
            categories: self.categories.clone(),
            repository: self.repository.clone(),
            store: self.store.clone(),
            hints: self.hints.clone(),
        };
        verifier.verify(GRACE).await
    }

    pub(super) async fn checkpoint(&self, stream: &StreamId) -> Result<Checkpoint, RepositoryError> {
        let found = self.repository.checkpoints(std::slice::from_ref(stream)).await?;
        Ok(found.into_iter().next().unwrap_or_default())
    }

    /// Why nobody takes hints any more.
    pub(super) async fn ended(&self) -> QueryError {
        let mut state = self.shared.state.subscribe();
        let ended = state.wait_for(|state| matches!(state, ListenerState::Stopped(_))).await;
        let reason = match ended.as_deref() {
            Ok(ListenerState::Stopped(reason)) => reason.clone(),
            // The sender is ours.
            _ => StopReason::Shutdown,
        };
        QueryError::Stopped { projection: self.shared.projection, reason }
    }
}
