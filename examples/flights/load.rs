//! Rows become commands: those of one aircraft in their order, those of many aircraft at once.

use std::{
    hash::{BuildHasher, RandomState},
    sync::Arc,
};

use event_sourcing::{command::Decide, prelude::*};
use tokio::{sync::mpsc, task::JoinSet};
use uuid::Uuid;

use crate::{
    aircraft::{Aircraft, AircraftError, Arrive, Cancel, Depart, Divert},
    input::{Fate, InputError, Row, Rows},
    progress::Progress,
};

/// How many workers there are. Each waits for one commit at a time, and commits that wait at the same time
/// share a sync of the disk, so the more wait the cheaper each is.
const WORKERS: usize = 4096;
/// How many rows wait for a worker before the reader waits.
const QUEUE: usize = 64;

/// Why not all of the input was taken. What was done before is durable, and running again does the rest.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LoadError {
    #[error(transparent)]
    Input(#[from] InputError),
    #[error("line {line}, aircraft {tail}: {source}")]
    Command { line: u64, tail: String, source: Box<ExecuteError<AircraftError>> },
    #[error("a task of the loader ended in the middle: {0}")]
    Task(#[from] tokio::task::JoinError),
}

/// Sends all rows of the input as commands, and counts in `progress`.
pub(crate) async fn load(app: &App, rows: Rows, progress: &Arc<Progress>) -> Result<(), LoadError> {
    let mut workers = JoinSet::new();
    let mut queues = Vec::with_capacity(WORKERS);
    for _ in 0..WORKERS {
        let (queue, queued) = mpsc::channel(QUEUE);
        queues.push(queue);
        workers.spawn(work(app.clone(), queued, progress.clone()));
    }
    let reader = tokio::task::spawn_blocking({
        let progress = progress.clone();
        move || read(rows, &queues, &progress)
    });
    // Whatever stops the reader or a worker: what is queued is still done.
    let mut outcome = reader.await?;
    while let Some(worked) = workers.join_next().await {
        outcome = outcome.and(worked?);
    }
    outcome
}

/// Hands out rows, all of one aircraft to the same worker, until the input or a worker fails.
fn read(rows: Rows, queues: &[mpsc::Sender<Row>], progress: &Progress) -> Result<(), LoadError> {
    let hasher = RandomState::new();
    for row in rows {
        progress.row();
        match row {
            Ok(row) => {
                let worker = hasher.hash_one(&row.tail) as usize % queues.len();
                if queues[worker].blocking_send(row).is_err() {
                    // It has failed, and says why itself.
                    return Ok(());
                }
            }
            Err(InputError::NoTailNumber { .. }) => progress.no_tail_number(),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

async fn work(app: App, mut rows: mpsc::Receiver<Row>, progress: Arc<Progress>) -> Result<(), LoadError> {
    while let Some(row) = rows.recv().await {
        let Row { flight, fate, .. } = &row;
        let send = Sending { app: &app, row: &row, progress: &progress };
        match *fate {
            Fate::Cancelled => send.command(Step::Cancel, Cancel { flight: flight.clone() }).await?,
            Fate::Diverted { departure_delay: delay } => {
                send.command(Step::Depart, Depart { flight: flight.clone(), delay }).await?;
                send.command(Step::Land, Divert).await?;
            }
            Fate::Arrived { departure_delay: delay, arrival_delay } => {
                send.command(Step::Depart, Depart { flight: flight.clone(), delay }).await?;
                send.command(Step::Land, Arrive { delay: arrival_delay }).await?;
            }
        }
    }
    Ok(())
}

struct Sending<'a> {
    app: &'a App,
    row: &'a Row,
    progress: &'a Progress,
}

impl Sending<'_> {
    async fn command<C>(&self, step: Step, command: C) -> Result<(), LoadError>
    where
        C: Decide<(), Aggregate = Aircraft, Error = AircraftError>,
    {
        let Row { number, line, tail, .. } = self.row;
        let sent = self.app.execute(tail, command.with_id(command_id(*number, step))).await;
        let done = sent.map_err(|source| LoadError::Command {
            line: *line,
            tail: tail.clone(),
            source: Box::new(source),
        })?;
        self.progress.command(if done.duplicate { 0 } else { done.events.len() as u64 }, done.duplicate);
        Ok(())
    }
}

/// Which of a row's commands.
#[derive(Clone, Copy)]
enum Step {
    Depart = 1,
    Land = 2,
    Cancel = 3,
}

/// The first half of all command ids of this example.
const NAMESPACE: [u8; 8] = *b"flights\0";

/// The same in every run, so that a command that was done before is not done again. A database is filled from
/// one input: rows are known by their number.
fn command_id(row: u64, step: Step) -> Uuid {
    let (high, row) = (NAMESPACE, row.to_be_bytes());
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high);
    bytes[8..].copy_from_slice(&row);
    // No file has 2^56 rows. The version and variant that are written over it leave this byte's low six bits.
    bytes[8] = step as u8;
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}
