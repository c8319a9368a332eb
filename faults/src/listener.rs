//! A listener process: the views, and every so often a line that says how they are doing.

use std::{fs, io::Write, time::Duration};

use event_sourcing::{
    app::AppBuilder,
    listener::{ListenerState, ProjectionStatus},
    prelude::*,
    repository::Repository,
};
use serde::{Deserialize, Serialize};

use crate::{
    Failure,
    place::{Place, at_last},
    plant::{CarelessRepository, CarelessStore, Lossy, Plant},
    views::{ByCarrier, Ledgers, Totals, Transfers},
};

/// How often views are compared with the event store: often, for what a connector has lost without a trace.
const VERIFY_EVERY: Duration = Duration::from_secs(10);
const STATUS_EVERY: Duration = Duration::from_millis(250);

/// What a listener has counted since its process started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Counts {
    pub(crate) applied: u64,
    pub(crate) duplicates: u64,
    /// Commits that were read from the store because the feed had not brought them.
    pub(crate) filled: u64,
    pub(crate) held: u64,
    pub(crate) parked: u64,
    pub(crate) retries: u64,
    pub(crate) foreign: u64,
    pub(crate) malformed: u64,
    /// Aggregates that verification found behind.
    pub(crate) behind: u64,
    pub(crate) diverged: u64,
    /// Projections whose listener has ended by itself.
    pub(crate) stopped: u64,
}

impl Counts {
    pub(crate) fn add(&mut self, other: &Self) {
        self.applied += other.applied;
        self.duplicates += other.duplicates;
        self.filled += other.filled;
        self.held += other.held;
        self.parked += other.parked;
        self.retries += other.retries;
        self.foreign += other.foreign;
        self.malformed += other.malformed;
        self.behind += other.behind;
        self.diverged += other.diverged;
        self.stopped += other.stopped;
    }

    fn of(status: &ProjectionStatus) -> Self {
        Self {
            applied: status.applied,
            duplicates: status.duplicates,
            filled: status.fetched,
            held: status.held,
            parked: status.parked,
            retries: status.retries,
            foreign: status.foreign,
            malformed: status.malformed,
            behind: status.behind,
            diverged: status.diverged,
            stopped: matches!(status.state, ListenerState::Stopped(_)).into(),
        }
    }
}

pub(crate) async fn run(place: Place, name: &str, plant: Option<Plant>) -> Result<(), Failure> {
    let app = at_last("listener", async || start(&place, plant).await).await;
    fs::create_dir_all(place.statuses())?;
    let path = place.statuses().join(format!("{name}-{}.jsonl", std::process::id()));
    let mut file = fs::File::options().append(true).create_new(true).open(path)?;
    let mut last = Vec::new();
    loop {
        tokio::time::sleep(STATUS_EVERY).await;
        let projections = app.projections();
        let mut sum = Counts::default();
        projections.iter().for_each(|status| sum.add(&Counts::of(status)));
        let mut line = serde_json::to_vec(&sum)?;
        line.push(b'\n');
        if line != last {
            file.write_all(&line)?;
            last = line;
        }
        for status in projections {
            if let ListenerState::Waiting { on, error } = &status.state {
                println!("{} waits for {on:?}: {error}", status.projection);
            }
            if let ListenerState::Stopped(reason) = &status.state {
                println!("{} has ended: {reason}", status.projection);
            }
        }
    }
}

async fn start(place: &Place, plant: Option<Plant>) -> Result<App, Failure> {
    let (store, feed, views) = (place.store().await?, place.feed()?, place.views().await?);
    let Some(plant) = plant else {
        let app = App::builder(store).change_feed(feed).verify_every(VERIFY_EVERY);
        return Ok(with(app, views).start().await?);
    };
    let app = match plant {
        Plant::NoGapFetch => App::builder(CarelessStore::new(store, place, plant).await?),
        _ => App::builder(store),
    };
    let app = app.change_feed(Lossy::new(feed, plant));
    let app = if plant.is_complete() { app } else { app.verify_every(VERIFY_EVERY) };
    let app = if plant.is_of_repository() {
        with(app, CarelessRepository::new(&place.pool().await?, plant))
    } else {
        with(app, views)
    };
    Ok(app.start().await?)
}

/// All views, in one repository.
fn with<R>(app: AppBuilder<()>, views: R) -> AppBuilder<()>
where
    R: Repository<Ledgers> + Repository<Totals> + Repository<Transfers> + Repository<ByCarrier> + Clone,
{
    let app = app.projection(Ledgers, views.clone()).projection(Totals, views.clone());
    app.projection(Transfers, views.clone()).projection(ByCarrier, views)
}

/// What all listener processes have counted, also those that were killed, but for their last moments.
pub(crate) fn counted(place: &Place) -> Result<Counts, Failure> {
    let mut sum = Counts::default();
    for entry in fs::read_dir(place.statuses())? {
        let text = fs::read_to_string(entry?.path())?;
        // The last line that is whole.
        if let Some(counts) = text.lines().rev().find_map(|line| serde_json::from_str(line).ok()) {
            sum.add(&counts);
        }
    }
    Ok(sum)
}
