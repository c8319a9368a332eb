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
}

impl Machine {
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
        }
    }
}

const LOCK: &str = include_str!("../../Cargo.lock");

/// What the numbers depend on.
pub(crate) fn versions() -> BTreeMap<&'static str, String> {
    let packages =
        ["event-sourcing-rs", "cqrs-es", "tokio", "sqlx", "libsqlite3-sys", "bincode", "serde_json"];
    let mut versions: BTreeMap<_, _> =
        packages.into_iter().filter_map(|name| Some((name, locked(name)?.to_owned()))).collect();
    versions.extend(said("git", &["rev-parse", "HEAD"]).map(|commit| ("commit", commit)));
    versions.extend(said("rustc", &["--version"]).map(|rustc| ("rustc", rustc)));
    versions
}

fn locked(package: &str) -> Option<&'static str> {
    let entry =
        LOCK.split("[[package]]").find(|entry| entry.contains(&format!("\nname = \"{package}\"\n")))?;
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
    use super::locked;

    #[test]
    fn versions_come_from_the_lock_file() {
        assert_eq!(locked("es-bench"), Some(env!("CARGO_PKG_VERSION")));
        assert!(locked("cqrs-es").is_some() && locked("no-such-package").is_none());
    }
}
