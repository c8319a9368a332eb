//! The development stack: real servers, from their official artifacts, without containers.
//!
//! `cargo xtask stack up | down | status`. Servers listen on loopback only, but for the health page of Debezium's
//! agent, which cannot; they keep their data and logs under `target/stack`, and go on until `down`. Each is known by
//! its process id and start time, so that nothing else is ever stopped.

mod cassandra;
mod cuts;
mod debezium;
mod java;
mod kafka;
mod maven;
mod part;
mod place;
pub(crate) mod postgres;
mod power;
mod preload;
mod process;
mod security;

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use cassandra::Cassandra;
pub(crate) use cuts::Cut;
use debezium::Debezium;
pub(crate) use part::{Door, Part};
pub(crate) use process::Server;
use security::Security;

/// The versions of Apache Cassandra that the stack can run.
pub(crate) const CASSANDRA: &[&str] = &["5.0.9", "4.1.10"];

/// The version of Apache Kafka that the stack runs.
pub(crate) const KAFKA: &str = kafka::VERSION;

/// The kinds of servers, in the order in which they start; they stop the other way round.
const KINDS: &[&str] = &[postgres::KIND, cassandra::KIND, kafka::KIND, debezium::KIND, part::KIND];

/// What is to be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) cassandra: &'static str,
    pub(crate) nodes: u8,
    /// What brings the nodes' changes to Kafka, if anything does.
    pub(crate) pipeline: Option<Pipeline>,
    /// How many MiB of changes that nobody has read yet a node keeps; then it refuses writes.
    pub(crate) cdc_mib: Option<u32>,
    /// Whether a node syncs its commit log before it acknowledges a write, and not every so often.
    pub(crate) is_synced: bool,
    /// Whether its nodes' power can be cut, so that what a commit log has not synced is gone, and its servers can be cut off
    /// from each other.
    pub(crate) has_cuts: bool,
}

/// How Debezium runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Pipeline {
    /// As a program of its own.
    Standalone,
    /// In Kafka Connect.
    Connect,
}

impl Wanted {
    /// A ring of Cassandra, and nothing else.
    pub(crate) const fn cassandra(version: &'static str, nodes: u8) -> Self {
        Self { cassandra: version, nodes, pipeline: None, cdc_mib: None, is_synced: false, has_cuts: false }
    }

    /// With Kafka, and what brings the changes there.
    pub(crate) const fn with(self, pipeline: Pipeline) -> Self {
        Self { pipeline: Some(pipeline), ..self }
    }

    /// With so little space for changes that nobody has read.
    pub(crate) const fn with_cdc_mib(self, mib: u32) -> Self {
        Self { cdc_mib: Some(mib), ..self }
    }

    /// With a commit log that is synced before a write is acknowledged.
    pub(crate) const fn synced(self) -> Self {
        Self { is_synced: true, ..self }
    }

    /// With nodes whose power can be cut, and servers that can be cut off from each other.
    pub(crate) const fn with_cuts(self) -> Self {
        Self { has_cuts: true, ..self }
    }

    /// Where Kafka's broker is, in a stack that has one.
    pub(crate) fn brokers(&self) -> String {
        kafka::address().to_string()
    }

    fn is_cassandra_5(&self) -> bool {
        self.cassandra.starts_with("5.")
    }

    /// Whether its Cassandra wants a login, and takes encrypted connections: the older one, alone, where no connector
    /// reads.
    pub(crate) fn is_secured(&self) -> bool {
        !self.is_cassandra_5() && self.nodes == 1 && self.pipeline.is_none()
    }

    /// The folder of its servers of one kind. The data of different stacks do not mix.
    fn folder(&self, stack: &Path, kind: &str) -> PathBuf {
        let mut name = format!("{kind}-{}-x{}", self.cassandra, self.nodes);
        match self.pipeline {
            Some(Pipeline::Standalone) => name.push_str("-pipeline"),
            Some(Pipeline::Connect) => name.push_str("-connect"),
            None => {}
        }
        if let Some(mib) = self.cdc_mib {
            name.push_str(&format!("-cdc{mib}"));
        }
        if self.is_synced {
            name.push_str("-synced");
        }
        if self.has_cuts {
            name.push_str("-cuts");
        }
        stack.join(name)
    }

    /// Whether a server's folder is one of this stack's, or PostgreSQL's, which goes with each.
    fn has(&self, stack: &Path, server: &Path) -> bool {
        postgres::is(server) || KINDS.iter().any(|kind| server.parent() == Some(&self.folder(stack, kind)))
    }

    /// Where its Cassandra nodes are.
    pub(crate) fn hosts(&self) -> Vec<String> {
        (1..=self.nodes).map(|number| cassandra::address(number).to_string()).collect()
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        write!(f, "Cassandra {}, {} {nodes}", self.cassandra, self.nodes)?;
        if self.is_secured() {
            write!(f, " with logins and TLS")?;
        }
        match self.pipeline {
            Some(Pipeline::Standalone) => write!(f, ", Debezium, Kafka")?,
            Some(Pipeline::Connect) => write!(f, ", Debezium in Kafka Connect, Kafka")?,
            None => {}
        }
        if let Some(mib) = self.cdc_mib {
            write!(f, ", {mib} MiB for changes")?;
        }
        if self.is_synced { write!(f, ", commit log synced") } else { Ok(()) }
    }
}

/// The stack of one working tree.
pub(crate) struct Stack {
    folder: PathBuf,
}

impl Stack {
    pub(crate) fn of(root: &Path) -> Self {
        Self { folder: Self::target(root).join("stack") }
    }

    /// Where cargo puts what it builds.
    pub(crate) fn target(root: &Path) -> PathBuf {
        std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
    }

    /// Starts what is wanted and does not run yet, and waits until it answers. Says what it started.
    pub(crate) fn up(&self, wanted: Wanted) -> Result<Vec<String>, String> {
        let cassandra = Cassandra::new(&self.folder, wanted);
        let debezium =
            wanted.pipeline.map(|_| Debezium::new(&self.folder, wanted, &cassandra)).transpose()?;
        // Another stack would want the same addresses.
        let others = self.running()?.into_iter().rev();
        others.filter(|other| !wanted.has(&self.folder, other.folder())).try_for_each(Server::stop)?;
        let mut started = cassandra.up()?;
        if let Some(debezium) = debezium {
            started.extend(kafka::up(&self.folder, wanted)?);
            started.extend(debezium.up()?);
            started.extend(self.postgres_up()?);
        }
        Ok(started)
    }

    /// Deletes the data of a stack, but for what runs.
    pub(crate) fn forget(&self, wanted: Wanted) -> Result<(), String> {
        let running = self.running()?;
        for kind in KINDS {
            let folder = wanted.folder(&self.folder, kind);
            if folder.exists() && !running.iter().any(|server| server.folder().starts_with(&folder)) {
                fs::remove_dir_all(&folder).map_err(|error| format!("{}: {error}", folder.display()))?;
            }
        }
        Ok(())
    }

    /// What the tests on it have to know of its logins and certificates, and where changes are whose space is small.
    pub(crate) fn variables(&self, wanted: Wanted) -> Vec<(&'static str, String)> {
        let mut variables =
            Security::of(&self.folder, &wanted).map_or_else(Vec::new, |security| security.variables());
        if wanted.cdc_mib.is_some() {
            let changes = Cassandra::new(&self.folder, wanted).changes(1);
            variables.push(("ES_CDC_RAW", changes.display().to_string()));
        }
        variables
    }

    /// Starts PostgreSQL, unless it runs, and waits until it answers. Says what it started.
    pub(crate) fn postgres_up(&self) -> Result<Vec<String>, String> {
        postgres::up(&self.folder)
    }

    /// Stops the servers of these names.
    pub(crate) fn stop(&self, names: &[String]) -> Result<(), String> {
        let running = self.running()?.into_iter().rev();
        running.filter(|server| names.contains(&server.name())).try_for_each(Server::stop)
    }

    /// Stops everything that the stack started. Says what it stopped.
    pub(crate) fn down(&self) -> Result<Vec<String>, String> {
        let running = self.running()?;
        let names = running.iter().map(Server::name).collect();
        // Last first: a node that others join is the last to leave.
        running.into_iter().rev().try_for_each(Server::stop)?;
        Ok(names)
    }

    /// One line for each server that runs.
    pub(crate) fn status(&self) -> Result<Vec<String>, String> {
        Ok(self.running()?.iter().map(ToString::to_string).collect())
    }

    /// In the order in which they start.
    pub(crate) fn running(&self) -> Result<Vec<Server>, String> {
        let mut servers = process::running(&self.folder)?;
        servers.sort_by_key(|server| {
            let name = server.name();
            KINDS.iter().position(|kind| name.starts_with(kind))
        });
        Ok(servers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stacks_have_folders_of_their_own() {
        let stack = Path::new("/s");
        let plain = Wanted::cassandra("5.0.9", 1);
        let piped = plain.with(Pipeline::Standalone);
        let small = Wanted { cdc_mib: Some(64), ..piped };
        assert_eq!(plain.folder(stack, "cassandra"), Path::new("/s/cassandra-5.0.9-x1"));
        assert_eq!(small.folder(stack, "kafka"), Path::new("/s/kafka-5.0.9-x1-pipeline-cdc64"));
        assert!(piped.has(stack, Path::new("/s/debezium-5.0.9-x1-pipeline/agent1")));
        assert!(!plain.has(stack, Path::new("/s/cassandra-5.0.9-x1-pipeline/node1")));
        assert!(!piped.has(stack, Path::new("/s/cassandra-5.0.9-x1/node1")));
    }
}
