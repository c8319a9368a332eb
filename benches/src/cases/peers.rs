//! The same load in event-sourcing-rs and its peers, on the same storage. They are a program of their own,
//! `benches/peers`, since their drivers are not those of this workspace; ours is in it too, so that both have the
//! same SQLite. Each measurement is a process, and each round runs every one of them once.

use std::path::PathBuf;

use super::{Case, Scale, Section, Unit};
use crate::{Error, meter::Sample, process};

/// Where the program is, and what it needs.
#[derive(Clone, Debug)]
pub(crate) struct Peers {
    pub(crate) program: PathBuf,
    /// Where the databases are made.
    pub(crate) folder: PathBuf,
    /// The URL of PostgreSQL, if it answers.
    pub(crate) postgres: Option<String>,
}

const OURS: &str = "event-sourcing-rs";

/// What people have to know of a library to read its numbers, on every storage.
const REMARKS: &[(&str, &str)] = &[
    (OURS, "keeps states in memory; commands that wait share a transaction"),
    ("cqrs-es", "replays the stream for each command"),
    (
        "cqrs-es-aggregate",
        "reads and writes the state beside the events; 0.5.0 applies every event twice to it",
    ),
    (
        "evento",
        "keeps states older than a second in memory and reads the events since; a stream ends at 65,535 events",
    ),
    ("eventcore", "replays the stream for each command"),
    ("eventcore-snapshots", "keeps states in the store, and reads the events since"),
    (
        "disintegrate",
        "queries the account's events for each decision, which may span accounts; serializable transactions",
    ),
    ("disintegrate-snapshots", "a snapshot every 100 events"),
];

struct Group {
    storage: &'static str,
    title: &'static str,
    libraries: &'static [&'static str],
    /// Where ours is for these: there is none of it on PostgreSQL.
    ours: &'static str,
}

const GROUPS: [Group; 3] = [
    Group { storage: "memory", title: "Peers in memory", libraries: &[OURS, "eventcore"], ours: "memory" },
    Group {
        storage: "sqlite",
        title: "Peers on SQLite, every commit synced: write-ahead log, synchronous = FULL",
        libraries: &[OURS, "cqrs-es", "cqrs-es-aggregate", "evento", "eventcore", "eventcore-snapshots"],
        ours: "sqlite",
    },
    Group {
        storage: "postgres",
        title: "Peers on PostgreSQL, beside ours on SQLite: NOT the same storage, for a rough idea only",
        libraries: &[
            OURS,
            "cqrs-es",
            "cqrs-es-aggregate",
            "evento",
            "eventcore",
            "eventcore-snapshots",
            "disintegrate",
            "disintegrate-snapshots",
        ],
        ours: "sqlite",
    },
];

const LOADS: [(&str, &str); 3] = [
    ("short", "one in flight, a fresh account every 10 commands"),
    ("flight", "64 in flight, each on its own fresh account every 10 commands"),
    ("long", "one in flight, on one account of 1,000 events and more"),
];

impl Scale {
    fn peer_commands(&self, storage: &str, load: &str) -> u64 {
        let all = if storage == "memory" { self.commands / 5 } else { self.durable / 20 };
        match load {
            // Those that replay take long; in the same hundreds as in the other benchmark.
            "long" => (all / 5).max(10),
            _ => all.max(10),
        }
    }
}

pub(crate) fn sections(peers: &Peers) -> Vec<Section> {
    let is_there = |group: &&Group| group.storage != "postgres" || peers.postgres.is_some();
    GROUPS.iter().filter(is_there).map(|group| section(peers, group)).collect()
}

fn section(peers: &Peers, group: &Group) -> Section {
    let mut cases = Vec::new();
    for (load, what) in LOADS {
        let key = |library: &str| format!("peers/{}/{load}/{library}", group.storage);
        let keeps_states = |library: &str| library.ends_with("-aggregate") || library.ends_with("-snapshots");
        // On short streams they would only write more.
        let libraries = group.libraries.iter().filter(|library| load == "long" || !keeps_states(library));
        for library in libraries {
            let storage = if *library == OURS { group.ours } else { group.storage };
            let (peers, counted) = (peers.clone(), group.storage);
            let run = move |scale: &Scale, _| {
                measure(&peers, library, storage, load, scale.peer_commands(counted, load))
            };
            let place = if storage == group.storage { "" } else { " on SQLite" };
            let label = format!("{library}{place}: {what}");
            let remark = REMARKS.iter().find(|(name, _)| name == library).map_or("", |(_, remark)| remark);
            cases.push(Case::new(key(library), label, key(OURS), run).remark(remark));
        }
    }
    Section { title: group.title, unit: Unit::PerSecond, cases }
}

fn measure(peers: &Peers, library: &str, storage: &str, load: &str, commands: u64) -> Result<Sample, Error> {
    let mut arguments = [library, storage, load, "--commands"].map(str::to_owned).to_vec();
    arguments.extend([commands.to_string(), "--folder".to_owned(), peers.folder.display().to_string()]);
    if let Some(url) = peers.postgres.as_ref().filter(|_| storage == "postgres") {
        arguments.extend(["--postgres".to_owned(), url.clone()]);
    }
    process::run(&peers.program, &arguments)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_library_is_measured_and_explained() {
        let peers = |postgres| Peers { program: "x".into(), folder: "y".into(), postgres };
        let all = sections(&peers(Some("url".to_owned())));
        assert_eq!(all.len(), 3);
        let keys: Vec<_> = all.iter().flat_map(|s| &s.cases).map(|case| case.key.as_str()).collect();
        for case in all.iter().flat_map(|s| &s.cases) {
            assert!(!case.remark.is_empty() && keys.contains(&case.base.as_str()), "{}", case.key);
        }
        assert!(keys.contains(&"peers/postgres/long/disintegrate-snapshots"));
        assert!(!keys.contains(&"peers/postgres/short/disintegrate-snapshots"));
        assert_eq!(sections(&peers(None)).len(), 2);
    }
}
