use std::{
    collections::HashMap, future::poll_fn, panic::AssertUnwindSafe, pin::pin, sync::Arc, task::Poll,
    time::Duration,
};

use futures_util::FutureExt;
use quick_cache::unsync::Cache;
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep_until},
};

use super::{Listener, ListenerState, Part, StopReason, handle::Shared, hold::Hold, work::Work};
use crate::{
    feed::{DynFeed, DynSubscription, FeedError, FeedEvent, FeedPayload, FeedRecord, Partition},
    handler::jittered,
    repository::{Checkpoint, DeadLetter, Generations},
    store::StreamId,
};

/// How many checkpoints are remembered. A wrong one does no harm: the database compares it.
const REMEMBERED: usize = 65_536;
/// Offsets that move without a commit are saved at most this often: they only spare a listener some records
/// at its next start.
const OFFSETS_EVERY: Duration = Duration::from_secs(1);
/// A batch of so many records shows that more are on their way.
const BUSY: usize = 64;
/// How long a busy listener gathers, and how many records at the most.
const GATHER: Duration = Duration::from_millis(30);
const MOST_GATHERED: usize = 4096;
/// Nor more bytes than these, before the last of them.
const MOST_GATHERED_BYTES: usize = 16 << 20;
/// The most hints, and the most aggregates that are due, which are dealt with at once.
const MOST_AT_ONCE: usize = 64;
pub(super) const FIRST_PAUSE: Duration = Duration::from_millis(20);
pub(super) const LONGEST_PAUSE: Duration = Duration::from_secs(5);

/// One listener at work.
pub(super) struct Run {
    pub(super) listener: Listener,
    pub(super) shared: Arc<Shared>,
    pub(super) checkpoints: Cache<StreamId, Checkpoint>,
    pub(super) hold: Hold,
    /// Records that no decoder understands, to be kept with the next batch.
    pub(super) letters: Vec<DeadLetter>,
    offsets_due: Instant,
    /// Whether the last batch was a large one.
    is_busy: bool,
    /// In a row.
    pub(super) database_failures: u32,
    stop: watch::Receiver<bool>,
    verify: mpsc::Sender<()>,
    /// Whether the views have been compared with the store since the start, or need not be.
    is_verified: bool,
    /// Whose turn it is to be looked at first.
    turn: usize,
}

/// What a listener has to deal with next.
enum Next {
    Stop,
    /// Streams of which somebody knows that there is more.
    Hinted,
    /// Something that is held is due.
    Due,
    Fed(Result<FeedEvent, FeedError>),
}

/// Runs the listener until it has a reason to end.
pub(super) async fn run(
    listener: Listener,
    feed: Arc<dyn DynFeed>,
    shared: Arc<Shared>,
    stop: watch::Receiver<bool>,
    hints: mpsc::Receiver<StreamId>,
    verify: mpsc::Sender<()>,
) {
    let mut run = Run {
        listener,
        shared: shared.clone(),
        checkpoints: Cache::new(REMEMBERED),
        hold: Hold::default(),
        letters: Vec::new(),
        offsets_due: Instant::now(),
        is_busy: false,
        database_failures: 0,
        stop,
        verify,
        is_verified: feed.is_complete(),
        turn: 0,
    };
    let ended = AssertUnwindSafe(run.listen(&*feed, hints)).catch_unwind().await;
    let reason = ended.unwrap_or_else(|panic| StopReason::Panicked(crate::panic_message(&*panic)));
    match &reason {
        StopReason::Shutdown | StopReason::Superseded => {
            tracing::debug!(projection = shared.projection, %reason, "the listener has ended")
        }
        reason => tracing::error!(projection = shared.projection, %reason, "the listener has ended"),
    }
    shared.state.send_replace(ListenerState::Stopped(reason));
}

impl Run {
    async fn listen(&mut self, feed: &dyn DynFeed, mut hints: mpsc::Receiver<StreamId>) -> StopReason {
        let mut failures = 0;
        self.have_verified();
        loop {
            let categories = &self.listener.categories;
            let name = Generations::space(self.listener.projection, self.listener.generation);
            let subscribed = tokio::select! {
                biased;
                () = stopped(&mut self.stop) => return StopReason::Shutdown,
                subscribed = feed.subscribe(&name, categories) => subscribed,
            };
            let lost = match subscribed {
                Ok(mut subscription) => {
                    let end = self.follow(&mut *subscription, &mut hints, &mut failures).await;
                    if end.is_err() {
                        subscription.leave().await;
                    }
                    end
                }
                Err(error) => Ok(error),
            };
            match lost {
                Err(reason) => return reason,
                Ok(error) => {
                    failures += 1;
                    if let Err(reason) = self.wait_out(Part::Feed, &error, failures).await {
                        return reason;
                    }
                    // The next subscription begins at what is saved.
                    self.hold.forget(&self.hold.partitions());
                }
            }
        }
    }

    /// Follows a subscription until it fails, or the listener has to end.
    async fn follow(
        &mut self,
        subscription: &mut dyn DynSubscription,
        hints: &mut mpsc::Receiver<StreamId>,
        failures: &mut u32,
    ) -> Result<FeedError, StopReason> {
        let mut hinted = Vec::with_capacity(MOST_AT_ONCE);
        loop {
            match self.next(subscription, hints, &mut hinted).await {
                Next::Stop => {
                    self.offsets_due = Instant::now();
                    self.attempt(Vec::new()).await?;
                    subscription.saved(&self.hold.news()).await;
                    return Err(StopReason::Shutdown);
                }
                Next::Hinted => {
                    for stream in hinted.drain(..) {
                        // Somebody knows that there is more, or that it is not parked any more.
                        let mut work = self.hold.take(&stream).unwrap_or_else(|| Work::new(stream));
                        work.more = true;
                        self.hold.keep(work, Instant::now());
                    }
                }
                Next::Due => {
                    let mut due = self.hold.take_due(Instant::now(), MOST_AT_ONCE);
                    self.fetch(&mut due).await?;
                    self.attempt(due).await?;
                }
                Next::Fed(Err(error)) => return Ok(error),
                Next::Fed(Ok(event)) => {
                    if *failures > 0 {
                        *failures = 0;
                        self.shared.running();
                    }
                    if let Some(error) = self.take(subscription, event).await? {
                        return Ok(error);
                    }
                }
            }
        }
    }

    /// Waits for what is next. A stop comes before all else. The others are looked at in turns, so that none that is
    /// always there keeps the others out; by turns, not by chance, so that a listener can be simulated.
    async fn next(
        &mut self,
        subscription: &mut dyn DynSubscription,
        hints: &mut mpsc::Receiver<StreamId>,
        hinted: &mut Vec<StreamId>,
    ) -> Next {
        let unsaved = (!self.hold.offsets().is_empty()).then_some(self.offsets_due);
        let due = self.hold.next_due().into_iter().chain(unsaved).min();
        let has_room = self.hold.has_room();
        self.turn = (self.turn + 1) % 3;
        let turn = self.turn;
        let mut stop = pin!(stopped(&mut self.stop));
        let mut fed = pin!(subscription.next());
        let mut wake = pin!(async {
            match due {
                Some(due) => sleep_until(due).await,
                None => std::future::pending().await,
            }
        });
        poll_fn(|cx| {
            if stop.as_mut().poll(cx).is_ready() {
                return Poll::Ready(Next::Stop);
            }
            for which in (turn..turn + 3).map(|which| which % 3) {
                let next = match which {
                    // Nobody sends any more only when nobody is left to stop the listener, either.
                    0 if has_room => hints.poll_recv_many(cx, hinted, MOST_AT_ONCE).map(|_| Next::Hinted),
                    1 => wake.as_mut().poll(cx).map(|()| Next::Due),
                    2 if has_room => fed.as_mut().poll(cx).map(Next::Fed),
                    _ => Poll::Pending,
                };
                if next.is_ready() {
                    return next;
                }
            }
            Poll::Pending
        })
        .await
    }

    async fn take(
        &mut self,
        subscription: &mut dyn DynSubscription,
        event: FeedEvent,
    ) -> Result<Option<FeedError>, StopReason> {
        match event {
            FeedEvent::Assigned(partitions) => return self.begin(subscription, &partitions).await,
            FeedEvent::Revoked(partitions) => {
                self.hold.forget(&partitions);
                self.checkpoints.clear();
            }
            FeedEvent::Records(records) => return self.gather(subscription, records).await,
        }
        Ok(None)
    }

    /// Applies records. Under load, first waits a moment for more of them: a transaction costs much the same for
    /// a few commits as for many. Where somebody waits for the view, or the load is light, nothing is delayed.
    async fn gather(
        &mut self,
        subscription: &mut dyn DynSubscription,
        mut records: Vec<FeedRecord>,
    ) -> Result<Option<FeedError>, StopReason> {
        let until = Instant::now() + GATHER;
        let mut after = None;
        let mut bytes: usize = records.iter().map(FeedRecord::size).sum();
        while self.is_busy
            && records.len() < MOST_GATHERED
            && bytes < MOST_GATHERED_BYTES
            && self.hold.has_room()
        {
            let next = tokio::select! {
                biased;
                () = stopped(&mut self.stop) => break,
                () = self.shared.progress.wanted() => break,
                () = sleep_until(until) => break,
                next = subscription.next() => next,
            };
            match next {
                Ok(FeedEvent::Records(more)) => {
                    bytes += more.iter().map(FeedRecord::size).sum::<usize>();
                    records.extend(more);
                }
                other => {
                    after = Some(other);
                    break;
                }
            }
        }
        self.is_busy = records.len() >= BUSY;
        let works = self.sort(records);
        self.attempt(works).await?;
        subscription.saved(&self.hold.news()).await;
        match after {
            None => Ok(None),
            Some(Err(error)) => Ok(Some(error)),
            // It is not `Records`, so this goes no deeper.
            Some(Ok(event)) => Box::pin(self.take(subscription, event)).await,
        }
    }

    /// Goes to where each partition was left.
    async fn begin(
        &mut self,
        subscription: &mut dyn DynSubscription,
        partitions: &[Partition],
    ) -> Result<Option<FeedError>, StopReason> {
        let saved = loop {
            match self.listener.repository.offsets().await {
                Ok(saved) => break saved,
                Err(error) => self.database_failed(error).await?,
            }
        };
        self.database_is_back();
        for partition in partitions {
            let after = saved.iter().find(|o| o.partition == *partition).map(|o| o.offset);
            let mut sought = subscription.seek(partition, after).await;
            if let Err(FeedError::OffsetOutOfRange { .. }) = &sought {
                tracing::warn!(projection = self.shared.projection, %partition, ?after, "the saved offset is gone from the feed; reading all that is left, and what the event store has beyond that");
                self.is_verified = false;
                sought = subscription.seek(partition, None).await;
            }
            if let Err(error) = sought {
                return Ok(Some(error));
            }
        }
        self.have_verified();
        Ok(None)
    }

    /// Has the views compared with the store, if they have to be.
    fn have_verified(&mut self) {
        if !self.is_verified {
            // Full when it is asked to already.
            let _ = self.verify.try_send(());
            self.is_verified = true;
        }
    }

    /// Sorts records by aggregate, adding what is held of each.
    fn sort(&mut self, records: Vec<FeedRecord>) -> Vec<Work> {
        let mut places: HashMap<StreamId, usize> = HashMap::new();
        let mut works: Vec<Work> = Vec::new();
        for FeedRecord { partition, offset, payload } in records {
            self.hold.saw(&partition, offset);
            let stream = match &payload {
                FeedPayload::Commit(commit) => &commit.stream,
                FeedPayload::Hint { stream, .. } => stream,
                FeedPayload::Other => continue,
                FeedPayload::Malformed { bytes, reason } => {
                    tracing::warn!(projection = self.shared.projection, %partition, offset, reason, "a record cannot be read; it is kept as a dead letter");
                    self.shared.counts.malformed.add(1);
                    let (bytes, reason) = (bytes.clone(), reason.clone());
                    self.letters.push(DeadLetter { partition, offset, bytes, reason });
                    continue;
                }
            };
            let place = match places.get(stream) {
                Some(place) => *place,
                None => {
                    places.insert(stream.clone(), works.len());
                    works.push(self.hold.take(stream).unwrap_or_else(|| Work::new(stream.clone())));
                    works.len() - 1
                }
            };
            let work = &mut works[place];
            work.came_from(&partition, offset);
            match payload {
                FeedPayload::Commit(commit) => work.add(commit),
                FeedPayload::Hint { sequence, .. } => {
                    work.goal = work.goal.max(sequence);
                    work.more = true;
                }
                FeedPayload::Other | FeedPayload::Malformed { .. } => {}
            }
        }
        works
    }

    /// Waits for a part that is out of reach, longer with each failure in a row.
    pub(super) async fn wait_out(
        &mut self,
        on: Part,
        error: &(dyn std::error::Error + Sync),
        failures: u32,
    ) -> Result<(), StopReason> {
        tracing::warn!(projection = self.shared.projection, %error, failures, "the listener waits");
        self.shared.state.send_replace(ListenerState::Waiting { on, error: error.to_string() });
        let pause = jittered(FIRST_PAUSE, LONGEST_PAUSE, failures);
        tokio::select! {
            biased;
            () = stopped(&mut self.stop) => Err(StopReason::Shutdown),
            () = tokio::time::sleep(pause) => Ok(()),
        }
    }

    /// Whether offsets may be saved although nothing else is.
    pub(super) fn offsets_are_due(&mut self) -> bool {
        let due = self.offsets_due <= Instant::now();
        if due {
            self.offsets_due = Instant::now() + OFFSETS_EVERY;
        }
        due
    }
}

/// Ready once the listener is asked to end, or nobody is left who could ask.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    let _ = stop.wait_for(|stop| *stop).await;
}
