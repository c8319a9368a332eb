use std::{fmt, time::Duration};

use futures_util::future::join_all;

use crate::{
    listener::{ListenerState, Part, ProjectionStatus},
    query::Entry,
    store::{DynStore, StreamId},
};

/// How long a part may need to answer.
const PATIENCE: Duration = Duration::from_secs(5);
/// The most parked aggregates that are counted.
const MOST_PARKED: usize = 1000;

/// How the parts of an App are doing; see [`App::health`](crate::app::App::health).
///
/// As text, it names the parts that are down and why, one a line.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// The event store.
    pub store: PartHealth,
    /// What brings commits to the projections.
    pub feed: PartHealth,
    /// The projections, in the order they were registered.
    pub projections: Vec<ProjectionHealth>,
}

/// Whether a part works.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PartHealth {
    /// It answers.
    Up,
    /// It does not.
    Down {
        /// Why.
        error: String,
    },
    /// Nothing has needed it yet.
    Unused,
}

/// How a projection is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ProjectionHealth {
    /// Its listener.
    pub status: ProjectionStatus,
    /// Its view database.
    pub views: PartHealth,
    /// Aggregates that are set aside, of which at most 1,000 are counted. They do not make a projection unhealthy: the
    /// others go on.
    pub parked: usize,
}

impl Health {
    /// Whether no part is down.
    pub fn is_up(&self) -> bool {
        self.down().is_empty()
    }

    /// The parts that are down, and why: `store`, `feed`, or `projection` and `views of` with the projection's name.
    pub fn down(&self) -> Vec<(String, String)> {
        let mut down = Vec::new();
        let mut look = |part: String, health: &PartHealth| {
            if let PartHealth::Down { error } = health {
                down.push((part, error.clone()));
            }
        };
        look("store".to_owned(), &self.store);
        look("feed".to_owned(), &self.feed);
        for ProjectionHealth { status, views, .. } in &self.projections {
            look(format!("views of `{}`", status.projection), views);
            let stands = match &status.state {
                ListenerState::Stopped(reason) => format!("its listener has ended: {reason}"),
                // They may answer who reads and refuse who writes: a standby, a full disk.
                ListenerState::Waiting { on: Part::Views, error } if *views == PartHealth::Up => {
                    format!("its listener cannot write its views: {error}")
                }
                ListenerState::Waiting { on: Part::Store, error } if self.store == PartHealth::Up => {
                    format!("its listener cannot read the store: {error}")
                }
                _ => continue,
            };
            look(format!("projection `{}`", status.projection), &PartHealth::Down { error: stands });
        }
        down
    }
}

impl fmt::Display for Health {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let down = self.down();
        if down.is_empty() {
            f.write_str("all parts are up")?;
        }
        for (at, (part, error)) in down.iter().enumerate() {
            write!(f, "{}{part} is down: {error}", if at > 0 { "\n" } else { "" })?;
        }
        Ok(())
    }
}

/// Asks each part, all at once.
pub(super) async fn ask(store: &dyn DynStore, category: Option<&'static str>, entries: &[Entry]) -> Health {
    let views = join_all(entries.iter().map(views));
    let (store, projections) = tokio::join!(ask_store(store, category), views);
    let waits = |projection: &ProjectionHealth| match &projection.status.state {
        ListenerState::Waiting { on: Part::Feed, error } => Some(error.clone()),
        _ => None,
    };
    let feed = match projections.iter().find_map(waits) {
        Some(error) => PartHealth::Down { error },
        None if projections.is_empty() => PartHealth::Unused,
        None => PartHealth::Up,
    };
    Health { store, feed, projections }
}

/// Looks where a stream ends that need not exist.
async fn ask_store(store: &dyn DynStore, category: Option<&'static str>) -> PartHealth {
    let Some(category) = category else { return PartHealth::Unused };
    let stream = StreamId::new(category, "health");
    answer(store.head(&stream)).await.map_or_else(|error| PartHealth::Down { error }, |_| PartHealth::Up)
}

async fn views(entry: &Entry) -> ProjectionHealth {
    let current = entry.served.current();
    let (views, parked) = match answer(current.repository.parked(MOST_PARKED)).await {
        Ok(parked) => (PartHealth::Up, parked.len()),
        Err(error) => (PartHealth::Down { error }, 0),
    };
    ProjectionHealth { status: current.listener.status(), views, parked }
}

async fn answer<T, E: fmt::Display>(asked: impl Future<Output = Result<T, E>>) -> Result<T, String> {
    match tokio::time::timeout(PATIENCE, asked).await {
        Ok(answer) => answer.map_err(|error| error.to_string()),
        Err(_) => Err(format!("no answer within {PATIENCE:?}")),
    }
}
