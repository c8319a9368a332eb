//! The one task of a store that writes.
//!
//! It takes all appends that wait, writes them in one statement, which is a transaction, and answers once that
//! is synced, so that many writers share one sync. One that does not fit is skipped by the statement itself and
//! fails alone.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use es_core::store::{AppendError, BoxError, Commit};
use sqlx::{Connection, SqliteConnection, SqlitePool};
use tokio::sync::{mpsc, oneshot, watch};

use super::append::{self, Place};
use crate::sqlite::{
    connect::{self, Database},
    gate::Gate,
    recent::Recent,
};

/// A commit on its way to the writer.
pub(super) struct Append {
    pub(super) commit: Arc<Commit>,
    pub(super) reply: oneshot::Sender<Result<(), AppendError>>,
}

/// How many appends wait before their senders do.
const QUEUE: usize = 1024;
/// The most appends of one transaction. Less than a busy queue holds: while one batch is written, the senders
/// of the batch before prepare the next one.
const BATCH: usize = 256;
/// A transaction takes no further append once it has this many bytes.
const BATCH_BYTES: usize = 8 << 20;
/// How long the writer tries before it answers that the store is not available.
const BUDGET: Duration = Duration::from_secs(10);

/// Starts the writer. It ends when the sender and all its clones are dropped and the queue is empty.
///
/// The receiver sees a change after every transaction that stored something.
pub(super) fn spawn(
    database: Database,
    connection: SqliteConnection,
    gate: Gate,
    pool: SqlitePool,
    recent: Arc<Recent>,
) -> (mpsc::Sender<Append>, watch::Receiver<u64>) {
    let (sender, mut queue) = mpsc::channel(QUEUE);
    let (committed, watch) = watch::channel(0);
    let mut writer = Writer { database, connection: Some(connection), gate, pool, recent, committed };
    tokio::spawn(async move {
        let mut waiting = Vec::with_capacity(BATCH);
        while queue.recv_many(&mut waiting, BATCH).await > 0 {
            while !waiting.is_empty() {
                let rest = waiting.split_off(fitting(&waiting));
                writer.settle(std::mem::replace(&mut waiting, rest)).await;
            }
            // Those who have just been answered send their next append before this looks: one sync for all of them.
            tokio::task::yield_now().await;
        }
        if let Some(connection) = writer.connection {
            let _ = connection.close().await;
        }
    });
    (sender, watch)
}

/// How many of `waiting`, at least one, go into one transaction.
fn fitting(waiting: &[Append]) -> usize {
    let mut bytes = 0;
    let more = waiting.iter().take_while(|a| {
        let fits = bytes < BATCH_BYTES;
        bytes += a.commit.size();
        fits
    });
    more.count()
}

struct Writer {
    database: Database,
    /// None after an error: the next transaction connects anew.
    connection: Option<SqliteConnection>,
    gate: Gate,
    pool: SqlitePool,
    recent: Arc<Recent>,
    committed: watch::Sender<u64>,
}

/// A transaction that was not acknowledged.
enum Failure {
    /// Certainly rolled back.
    Refused(BoxError),
    /// It may have been written.
    Unclear(BoxError),
}

impl Writer {
    /// Writes `appends` and answers each.
    async fn settle(&mut self, mut appends: Vec<Append>) {
        loop {
            let (stored, failure) = match self.write(&appends).await {
                Ok(stored) => (stored, None),
                Err(failure) => (0, Some(failure)),
            };
            if stored > 0 {
                self.committed.send_modify(|n| *n += stored);
            }
            if stored == appends.len() as u64 {
                return appends.into_iter().for_each(|a| answer(a, Ok(())));
            }
            if let Some(Failure::Refused(error)) = failure {
                let error = Shared(Arc::from(BoxError::from(error)));
                let refused = |a| answer(a, Err(AppendError::Unavailable(Box::new(error.clone()))));
                return appends.into_iter().for_each(refused);
            }
            let places = match self.places(&appends).await {
                Ok(places) => places,
                Err(error) => {
                    let error = Shared(Arc::from(BoxError::from(error)));
                    let unknown = |a| answer(a, Err(AppendError::OutcomeUnknown(Box::new(error.clone()))));
                    return appends.into_iter().for_each(unknown);
                }
            };
            let unclear = match failure {
                Some(Failure::Unclear(error)) => Some(Shared(Arc::from(BoxError::from(error)))),
                _ => None,
            };
            let mut vacant = Vec::new();
            for (append, place) in appends.into_iter().zip(places) {
                match (place, &unclear) {
                    (Place::Ours, _) => answer(append, Ok(())),
                    (Place::Taken(winner), _) => answer(append, Err(AppendError::Conflict { winner })),
                    // What the disk did with it shows only when the file is next opened.
                    (Place::Vacant, Some(error)) => {
                        answer(append, Err(AppendError::OutcomeUnknown(Box::new(error.clone()))));
                    }
                    (Place::Vacant, None) if stored == 0 => {
                        answer(append, Err(AppendError::Conflict { winner: None }))
                    }
                    (Place::Vacant, None) => vacant.push(append),
                }
            }
            // A parent may have been stored by this very transaction, whose statement did not see it yet.
            if vacant.is_empty() {
                return;
            }
            appends = vacant;
        }
    }

    /// One transaction; tries again while another process holds the write lock.
    async fn write(&mut self, appends: &[Append]) -> Result<u64, Failure> {
        let started = Instant::now();
        loop {
            let turn = self.gate.enter().await;
            let outcome = self.try_write(appends).await;
            drop(turn);
            match outcome {
                Err(Attempt::Busy(_)) if started.elapsed() < BUDGET => {}
                Err(Attempt::Busy(error)) => return Err(Failure::Refused(error.into())),
                Err(Attempt::Refused(error)) => {
                    self.connection = None;
                    return Err(Failure::Refused(error));
                }
                Err(Attempt::Unclear(error)) => {
                    self.connection = None;
                    return Err(Failure::Unclear(error.into()));
                }
                Ok(stored) => return Ok(stored),
            }
        }
    }

    async fn try_write(&mut self, appends: &[Append]) -> Result<u64, Attempt> {
        let connection = match &mut self.connection {
            Some(connection) => connection,
            none => {
                let connection = self.database.connect().await;
                none.insert(connection.map_err(|e| Attempt::Refused(e.into()))?)
            }
        };
        let stored = append::insert(connection, appends).await.map_err(Attempt::failed)?;
        if stored.commits == appends.len() as u64 {
            let first = stored.last + 1 - appends.len() as i64;
            self.recent.push(first, appends.iter().map(|append| append.commit.clone()));
        }
        Ok(stored.commits)
    }

    /// What is at the appends' places; tries for a while, since without it nothing can be answered.
    async fn places(&self, appends: &[Append]) -> Result<Vec<Place>, es_core::store::ReadError> {
        let started = Instant::now();
        loop {
            match append::places(&self.pool, appends).await {
                Err(_) if started.elapsed() < BUDGET => tokio::time::sleep(Duration::from_millis(100)).await,
                done => return done,
            }
        }
    }
}

/// How one transaction failed.
enum Attempt {
    Busy(sqlx::Error),
    Refused(BoxError),
    Unclear(sqlx::Error),
}

impl Attempt {
    fn failed(error: sqlx::Error) -> Self {
        if connect::is_busy(&error) {
            Self::Busy(error)
        } else if connect::wrote_nothing(&error) {
            Self::Refused(error.into())
        } else {
            Self::Unclear(error)
        }
    }
}

fn answer(append: Append, outcome: Result<(), AppendError>) {
    // The caller may have gone; what was sent happened all the same.
    let _ = append.reply.send(outcome);
}

/// One error for many answers.
#[derive(Clone, Debug, thiserror::Error)]
#[error("{0}")]
struct Shared(Arc<dyn std::error::Error + Send + Sync>);
