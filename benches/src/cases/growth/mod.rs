//! How cost and memory grow: with the number of aggregates, with the length of a stream, with the partitions of a
//! topic. Each point has a process of its own, so that its memory is its own too.

mod aggregates;
mod bank;
mod rehydrate;

use std::{
    path::{Path, PathBuf},
    rc::Rc,
};

use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use super::{Case, Scale, Section, Unit, pipeline::listener, pipeline::topic::Topic};
use crate::{
    Error, counting,
    meter::{Meter, Sample},
    process,
    report::thousands,
};

/// One measurement, as the process that makes it is told.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Point {
    Aggregates { storage: Storage, aggregates: u64, commands: u64 },
    Rehydrate { storage: Storage, events: u64, snapshots: bool, loads: u64 },
    Listener { topic: Topic },
}

/// Where events are.
#[derive(Clone, Debug, Deserialize, Serialize)]
pub(crate) enum Storage {
    Memory,
    /// In a folder that outlives the process: what is to be there is written once.
    Sqlite(PathBuf),
}

impl Storage {
    fn name(&self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Sqlite(_) => "sqlite",
        }
    }
}

/// What the process does that [`Point::case`] starts: prints what it has measured.
pub(crate) fn run(order: &str) -> Result<String, Error> {
    let (meter, point): (Meter, Point) = serde_json::from_str(order)?;
    if meter == Meter::Allocations {
        counting::watch();
    }
    process::line(&point.run(meter)?)
}

impl Point {
    fn run(&self, meter: Meter) -> Result<Sample, Error> {
        match self {
            Self::Aggregates { storage, aggregates, commands } => {
                super::on_all_threads(aggregates::run(storage, *aggregates, *commands, meter))
            }
            Self::Rehydrate { storage, events, snapshots, loads } => {
                super::on_all_threads(rehydrate::run(storage, *events, *snapshots, *loads, meter))
            }
            Self::Listener { topic } => listener::in_memory(topic, meter),
        }
    }

    fn case(self, program: &Path, key: String, label: String, base: &str) -> Case {
        let program = program.to_owned();
        Case::new(key, label, base, move |_, meter| {
            let order = serde_json::to_string(&(meter, &self))?;
            process::run(&program, &["point".to_owned(), order])
        })
    }
}

/// Databases that all points of a kind share, and that are gone when the last case is.
pub(crate) struct Databases(TempDir);

impl Databases {
    pub(crate) fn within(folder: Option<&Path>) -> Result<Self, Error> {
        Ok(Self(match folder {
            Some(folder) => tempfile::tempdir_in(folder)?,
            None => tempfile::tempdir()?,
        }))
    }

    fn storages(&self) -> [Storage; 2] {
        [Storage::Memory, Storage::Sqlite(self.0.path().to_owned())]
    }
}

impl Scale {
    fn aggregates(&self) -> &'static [u64] {
        if self.is_full() { &[1, 100, 10_000, 1_000_000] } else { &[1, 100, 10_000] }
    }

    fn lengths(&self) -> &'static [u64] {
        if self.is_full() { &[10, 100, 1_000, 10_000, 100_000] } else { &[10, 100, 1_000, 10_000] }
    }
}

const PARTITIONS: [i32; 4] = [1, 2, 4, 8];

/// Commands by the number of aggregates, and loads by the length of their streams. `program` knows
/// [points](run).
pub(crate) fn sections(program: &Path, databases: &Databases, scale: &Scale) -> Vec<Section> {
    let (mut commands, mut loads) = (Vec::new(), Vec::new());
    for storage in databases.storages() {
        let name = storage.name();
        let base = format!("growth/aggregates/{name}/1");
        for &aggregates in scale.aggregates() {
            let sent = if matches!(storage, Storage::Memory) { scale.commands } else { scale.durable / 40 };
            let key = format!("growth/aggregates/{name}/{aggregates}");
            let label = format!("{name}, aggregates: {}", thousands(aggregates as f64));
            let point = Point::Aggregates { storage: storage.clone(), aggregates, commands: sent };
            commands.push(point.case(program, key, label, &base));
        }
        let base = format!("growth/rehydrate/{name}/plain/{}", scale.lengths()[0]);
        for snapshots in [false, true] {
            let (mode, with) =
                if snapshots { ("snapshots", "with snapshots") } else { ("plain", "without snapshots") };
            for &events in scale.lengths() {
                let key = format!("growth/rehydrate/{name}/{mode}/{events}");
                let label = format!("{name}, {with}, events: {}", thousands(events as f64));
                let loads_each = (200_000 / events).clamp(5, 2_000);
                let point =
                    Point::Rehydrate { storage: storage.clone(), events, snapshots, loads: loads_each };
                loads.push(point.case(program, key, label, &base));
            }
        }
    }
    vec![
        Section {
            title: "Growth: one command after the other, each on an aggregate taken at random; 100,000 of them fit in memory",
            unit: Unit::Nanoseconds,
            cases: commands,
        },
        Section {
            title: "Growth: loading one aggregate, by the length of its stream; a snapshot comes every 100 events",
            unit: Unit::Nanoseconds,
            cases: loads,
        },
    ]
}

/// Topics with the same commits in more and more partitions.
pub(crate) struct Topics(Vec<Topic>);

impl Topics {
    pub(crate) fn filled(brokers: &str, commits: u64) -> Result<Rc<Self>, Error> {
        let topics = PARTITIONS
            .iter()
            .map(|partitions| super::on_all_threads(Topic::filled(brokers, commits, *partitions)));
        Ok(Rc::new(Self(topics.collect::<Result<_, _>>()?)))
    }

    /// Removes the topics.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        self.0.iter().try_for_each(|topic| super::on_all_threads(topic.delete()))
    }

    /// Commits into a view by the number of partitions.
    pub(crate) fn section(&self, program: &Path) -> Section {
        let base = "growth/listener/1";
        let cases = self.0.iter().map(|topic| {
            let partitions = topic.partitions;
            let (key, label) = (format!("growth/listener/{partitions}"), format!("partitions: {partitions}"));
            Point::Listener { topic: topic.clone() }.case(program, key, label, base)
        });
        Section {
            title: "Growth: a listener with its views in memory, by the partitions of its topic",
            unit: Unit::PerSecond,
            cases: cases.collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ran(point: &Point, meter: Meter) -> Sample {
        let order = serde_json::to_string(&(meter, point)).unwrap();
        let (meter, point): (Meter, Point) = serde_json::from_str(&order).unwrap();
        point.run(meter).unwrap()
    }

    #[test]
    fn points_without_servers_work_twice_on_one_database() {
        let databases = Databases::within(None).unwrap();
        for storage in databases.storages() {
            for aggregates in [1, 30] {
                let point = Point::Aggregates { storage: storage.clone(), aggregates, commands: 50 };
                for _ in 0..2 {
                    assert_eq!(ran(&point, Meter::Time).commands, 50);
                }
            }
            for snapshots in [false, true] {
                let point = Point::Rehydrate { storage: storage.clone(), events: 300, snapshots, loads: 2 };
                for _ in 0..2 {
                    assert_eq!(ran(&point, Meter::Time).commands, 2);
                }
            }
        }
    }

    #[test]
    fn keys_name_every_point() {
        let databases = Databases::within(None).unwrap();
        let sections = sections(Path::new("x"), &databases, &Scale::full());
        let keys: Vec<_> = sections.iter().flat_map(|s| &s.cases).map(|case| case.key.as_str()).collect();
        assert_eq!(keys.len(), 8 + 20);
        assert!(keys.contains(&"growth/aggregates/sqlite/1000000"));
        assert!(keys.contains(&"growth/rehydrate/memory/snapshots/100000"));
        for case in sections.iter().flat_map(|s| &s.cases) {
            assert!(keys.contains(&case.base.as_str()), "{}", case.base);
        }
    }
}
