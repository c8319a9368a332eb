//! What is measured.

mod cassandra;
mod concurrent;
mod cqrs;
mod floor;
mod growth;
mod long;
mod peers;
mod pipeline;
mod scan;
mod short;
mod sqlite;

use std::{fmt, future::Future, path::Path};

use event_sourcing::prelude::{Aggregate, App};

use crate::{
    Error,
    bank::{AMOUNT, Account},
    meter::{Meter, Sample},
};

/// Cases that are read together.
pub(crate) struct Section {
    pub(crate) title: &'static str,
    pub(crate) unit: Unit,
    pub(crate) cases: Vec<Case>,
}

/// How people read a case's time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    Nanoseconds,
    PerSecond,
}

pub(crate) use cassandra::{Place, sections as store};
pub(crate) use growth::{Databases, Topics, run as point, sections as growth};
pub(crate) use peers::{Peers, sections as peers};
pub(crate) use pipeline::{Balances, Pipeline, sections as pipeline};

type Run = dyn Fn(&Scale, Meter) -> Result<Sample, Error>;

/// One thing that is measured.
pub(crate) struct Case {
    /// For programs.
    pub(crate) key: String,
    /// For people.
    pub(crate) label: String,
    /// What people have to know to read the numbers.
    pub(crate) remark: &'static str,
    /// The case that its time is compared with.
    pub(crate) base: String,
    pub(crate) run: Box<Run>,
}

impl Case {
    fn new(
        key: impl Into<String>,
        label: impl Into<String>,
        base: impl Into<String>,
        run: impl Fn(&Scale, Meter) -> Result<Sample, Error> + 'static,
    ) -> Self {
        Self { key: key.into(), label: label.into(), remark: "", base: base.into(), run: Box::new(run) }
    }

    fn remark(self, remark: &'static str) -> Self {
        Self { remark, ..self }
    }
}

/// How much one measurement does.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    /// Commands, one after the other.
    commands: u64,
    /// Aggregates of ten commands each.
    aggregates: u64,
    /// Commands of cqrs-es on a long stream. In hundreds, so that every distance to the last snapshot, which
    /// comes every 100 events, counts equally.
    replayed: u64,
    /// Commands of each of 64 tasks.
    grouped: u64,
    /// Commands of each of 16 tasks.
    spread: u64,
    /// Commands over a database, for those in flight to share; at least some for each.
    durable: u64,
    /// Commits in a topic.
    pub(crate) topic: u64,
    /// Commits whose way into a view is timed.
    pub(crate) timed: u64,
}

impl Scale {
    pub(crate) fn full() -> Self {
        Self {
            commands: 50_000,
            aggregates: 3_000,
            replayed: 100,
            grouped: 1_000,
            spread: 4_000,
            durable: 20_000,
            topic: 100_000,
            timed: 400,
        }
    }

    pub(crate) fn quick() -> Self {
        Self {
            commands: 10_000,
            aggregates: 500,
            replayed: 100,
            grouped: 200,
            spread: 1_000,
            durable: 2_000,
            topic: 5_000,
            timed: 40,
        }
    }

    /// Whether it is what numbers may be quoted of.
    fn is_full(&self) -> bool {
        self.commands >= 50_000
    }

    #[cfg(test)]
    pub(crate) fn smallest() -> Self {
        Self {
            commands: 100,
            aggregates: 5,
            replayed: 5,
            grouped: 3,
            spread: 70,
            durable: 10,
            topic: 10,
            timed: 1,
        }
    }
}

/// The benchmark of the command path. Databases are made in `folder`.
pub(crate) fn command(folder: Option<&Path>) -> Vec<Section> {
    vec![
        Section {
            title: "In memory: one command after the other, on one stream of 1,000 events and more",
            unit: Unit::Nanoseconds,
            cases: [floor::cases(), long::cases(), cqrs::long()].into_iter().flatten().collect(),
        },
        Section {
            title: "In memory: one command after the other, a fresh aggregate every 10 commands",
            unit: Unit::Nanoseconds,
            cases: [short::cases(), cqrs::short()].into_iter().flatten().collect(),
        },
        Section {
            title: "In memory: many commands at once",
            unit: Unit::Nanoseconds,
            cases: concurrent::cases(),
        },
        Section {
            title: "SQLite, durable: each command in flight on its own aggregate, unless it says otherwise",
            unit: Unit::PerSecond,
            cases: sqlite::cases(folder),
        },
    ]
}

/// The cases whose key contains `text`, and those that they are compared with.
pub(crate) fn only(mut sections: Vec<Section>, text: &str) -> Result<Vec<Section>, Error> {
    let all = || sections.iter().flat_map(|section| &section.cases);
    let chosen = || all().filter(|case| case.key.contains(text));
    let keys: Vec<_> = chosen().flat_map(|case| [case.key.clone(), case.base.clone()]).collect();
    if keys.is_empty() {
        let keys: Vec<_> = all().map(|case| case.key.as_str()).collect();
        return Err(format!("no case's key contains `{text}`; there are: {}", keys.join(", ")).into());
    }
    for section in &mut sections {
        section.cases.retain(|case| keys.contains(&case.key));
    }
    sections.retain(|section| !section.cases.is_empty());
    Ok(sections)
}

/// Runs `work` on this thread alone.
fn on_one_thread<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

/// Runs `work` on all threads of the machine.
pub(crate) fn on_all_threads<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    tokio::runtime::Builder::new_multi_thread().enable_all().build()?.block_on(work)
}

/// Waits for tasks that were all spawned before.
async fn all(tasks: Vec<tokio::task::JoinHandle<Result<(), Error>>>) -> Result<(), Error> {
    for task in tasks {
        task.await??;
    }
    Ok(())
}

/// Whether aggregate `id` has done `deposits` commands, as the store has it.
async fn check(app: &App, id: &<Account as Aggregate>::Id, deposits: u64) -> Result<(), Error> {
    let loaded = app.load::<Account>(id).await?;
    same("version", loaded.version, deposits)?;
    same("deposits", loaded.state.deposits, deposits)?;
    same("balance", loaded.state.balance, deposits * AMOUNT)
}

fn same<T: PartialEq + fmt::Display>(what: &str, found: T, wanted: T) -> Result<(), Error> {
    if found == wanted { Ok(()) } else { Err(format!("the {what} is {found}, not {wanted}").into()) }
}
