//! Where a benchmark ran, and with what.

use serde::Serialize;
use std::{collections::BTreeMap, fs, process::Command};

/// The machine, as far as it says what it is.
#[derive(Debug, Serialize)]
pub(crate) struct Machine {
    cpu: Option<String>,
    /// How many threads run at once.
    threads: Option<usize>,
    os: &'static str,
    architecture: &'static str,
    kernel: Option<String>,
    memory: Option<String>,
}

/// How many processes wanted to run, over 1, 5 and 15 minutes.
pub(crate) fn load() -> Option<[f64; 3]> {
    let text = fs::read_to_string("/proc/loadavg").ok()?;
    let mut numbers = text.split(' ').map(str::parse);
    let mut next = || numbers.next()?.ok();
    Some([next()?, next()?, next()?])
}

impl Machine {
    /// For people.
    pub(crate) fn rows(&self) -> Vec<(&'static str, String)> {
        let or_unknown = |text: &Option<String>| text.clone().unwrap_or_else(|| "unknown".to_owned());
        let threads = self.threads.map(|threads| threads.to_string());
        vec![
            ("CPU", or_unknown(&self.cpu)),
            ("threads at once", or_unknown(&threads)),
            ("memory", or_unknown(&self.memory)),
            ("system", format!("{} on {}", self.os, self.architecture)),
            ("kernel", or_unknown(&self.kernel)),
        ]
    }

    pub(crate) fn this() -> Self {
        let cpu = fs::read_to_string("/proc/cpuinfo").ok().and_then(|text| {
            let model = text.lines().find(|line| line.starts_with("model name"))?;
            Some(model.split_once(':')?.1.trim().to_owned())
        });
        let kernel = fs::read_to_string("/proc/sys/kernel/osrelease").ok();
        Self {
            cpu,
            threads: std::thread::available_parallelism().ok().map(Into::into),
            os: std::env::consts::OS,
            architecture: std::env::consts::ARCH,
            kernel: kernel.map(|text| text.trim().to_owned()),
            memory: fs::read_to_string("/proc/meminfo").ok().and_then(|text| {
                Some(text.lines().find_map(|line| line.strip_prefix("MemTotal:"))?.trim().to_owned())
            }),
        }
    }
}

const LOCK: &str = include_str!("../../Cargo.lock");
const PEERS: &str = include_str!("../peers/Cargo.lock");

/// What the peers' program was built with.
pub(crate) fn peers() -> BTreeMap<&'static str, String> {
    let packages = [
        ("peers: cqrs-es", "cqrs-es"),
        ("peers: sqlite-es", "sqlite-es"),
        ("peers: postgres-es", "postgres-es"),
        ("peers: evento", "evento"),
        ("peers: eventcore", "eventcore"),
        ("peers: disintegrate", "disintegrate"),
        ("peers: disintegrate-postgres", "disintegrate-postgres"),
        ("peers: libsqlite3-sys, of all", "libsqlite3-sys"),
    ];
    packages.into_iter().filter_map(|(what, name)| Some((what, locked(PEERS, name)?.to_owned()))).collect()
}

/// What the numbers depend on.
pub(crate) fn versions() -> BTreeMap<&'static str, String> {
    let packages = [
        "event-sourcing-rs",
        "cqrs-es",
        "tokio",
        "sqlx",
        "libsqlite3-sys",
        "bincode",
        "serde_json",
        "scylla",
        "rdkafka",
    ];
    let mut versions: BTreeMap<_, _> =
        packages.into_iter().filter_map(|name| Some((name, locked(LOCK, name)?.to_owned()))).collect();
    versions.extend(said("git", &["rev-parse", "HEAD"]).map(|commit| ("commit", commit)));
    versions.extend(said("rustc", &["--version"]).map(|rustc| ("rustc", rustc)));
    versions
}

fn locked(lock: &'static str, package: &str) -> Option<&'static str> {
    let entry =
        lock.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{package}\"\n")))?;
    let line = entry.lines().find_map(|line| line.strip_prefix("version = \""))?;
    line.strip_suffix('"')
}

/// What a program says of the tree that this was built from.
fn said(program: &str, arguments: &[&str]) -> Option<String> {
    let output =
        Command::new(program).args(arguments).current_dir(env!("CARGO_MANIFEST_DIR")).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    output.status.success().then(|| text.trim().to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_come_from_the_lock_file() {
        assert_eq!(locked(LOCK, "es-bench"), Some(env!("CARGO_PKG_VERSION")));
        assert!(locked(LOCK, "cqrs-es").is_some() && locked(LOCK, "no-such-package").is_none());
        assert_eq!(peers().len(), 8, "{:?}", peers());
    }
}
