//! The development stack: real servers, from their official artifacts, without containers.
//!
//! `cargo xtask stack up | down | status`. Servers listen on loopback only, keep their data and logs under
//! `target/stack`, and go on until `down`. Each is known by its process id and start time, so that nothing else
//! is ever stopped.

mod cassandra;
mod java;
mod maven;
pub(crate) mod postgres;
mod process;

use std::{
    fmt,
    path::{Path, PathBuf},
};

use cassandra::Cassandra;

/// The versions of Apache Cassandra that the stack can run.
pub(crate) const CASSANDRA: &[&str] = &["5.0.9", "4.1.10"];

/// What is to be running.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Wanted {
    pub(crate) cassandra: &'static str,
    pub(crate) nodes: u8,
}

impl Wanted {
    /// Where its Cassandra nodes are.
    pub(crate) fn hosts(&self) -> Vec<String> {
        (1..=self.nodes).map(|number| cassandra::address(number).to_string()).collect()
    }
}

impl fmt::Display for Wanted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nodes = if self.nodes == 1 { "node" } else { "nodes" };
        write!(f, "Cassandra {}, {} {nodes}", self.cassandra, self.nodes)
    }
}

/// The stack of one working tree.
pub(crate) struct Stack {
    folder: PathBuf,
}

impl Stack {
    pub(crate) fn of(root: &Path) -> Self {
        let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from);
        Self { folder: target.join("stack") }
    }

    /// Starts what is wanted and does not run yet, and waits until it answers. Says what it started.
    pub(crate) fn up(&self, wanted: Wanted) -> Result<Vec<String>, String> {
        let cassandra = Cassandra::new(&self.folder, wanted);
        // Another version, or another number of nodes, would want the same addresses.
        let is_another = |other: &process::Server| {
            !cassandra.has(other.folder()) && !other.name().starts_with(postgres::KIND)
        };
        for other in self.running()?.into_iter().filter(is_another) {
            other.stop()?;
        }
        cassandra.up()
    }

    /// Starts PostgreSQL, unless it runs, and waits until it answers. Says what it started.
    pub(crate) fn postgres_up(&self) -> Result<Vec<String>, String> {
        postgres::up(&self.folder)
    }

    /// Stops the servers of these names.
    pub(crate) fn stop(&self, names: &[String]) -> Result<(), String> {
        let running = self.running()?.into_iter().rev();
        running.filter(|server| names.contains(&server.name())).try_for_each(process::Server::stop)
    }

    /// Stops everything that the stack started. Says what it stopped.
    pub(crate) fn down(&self) -> Result<Vec<String>, String> {
        let running = self.running()?;
        let names = running.iter().map(process::Server::name).collect();
        // Last first: a node that others join is the last to leave.
        running.into_iter().rev().try_for_each(process::Server::stop)?;
        Ok(names)
    }

    /// One line for each server that runs.
    pub(crate) fn status(&self) -> Result<Vec<String>, String> {
        Ok(self.running()?.iter().map(ToString::to_string).collect())
    }

    fn running(&self) -> Result<Vec<process::Server>, String> {
        process::running(&self.folder)
    }
}
