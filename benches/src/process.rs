//! Cases in a process of their own: for what memory they take, and for what cannot be in this one.

use std::{fs, path::Path, process::Command, time::Duration};

use serde::{Deserialize, Serialize};

use crate::{
    Error,
    counting::{self, Allocations},
    meter::Sample,
};

/// What a process had in memory when its clock stopped.
#[derive(Clone, Copy, Debug, Serialize)]
pub(crate) struct Memory {
    /// In bytes, as the system counts it. Of a peer, the most that it ever had.
    pub(crate) resident: u64,
    /// In bytes, of what was asked of Rust's allocator: C libraries have their own.
    pub(crate) heap: Option<u64>,
}

impl Memory {
    fn of_this_process() -> Option<Self> {
        let status = fs::read_to_string("/proc/self/status").ok()?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
        let resident = line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024;
        Some(Self { resident, heap: Some(counting::kept()).filter(|kept| *kept > 0) })
    }

    pub(crate) fn text(&self) -> String {
        let mib = |bytes: u64| format!("{:.1} MiB", bytes as f64 / (1 << 20) as f64);
        let heap = self.heap.map_or(String::new(), |heap| format!(", {} of it heap", mib(heap)));
        format!("{} resident{heap}", mib(self.resident))
    }
}

/// The line that such a process prints.
#[derive(Debug, Deserialize, Serialize)]
struct Line {
    commands: u64,
    nanoseconds: u64,
    rss: Option<u64>,
    #[serde(default)]
    heap: Option<u64>,
    #[serde(default)]
    allocations: u64,
    #[serde(default)]
    bytes: u64,
    #[serde(default)]
    commits: Option<u64>,
}

/// Prints what this process has measured. To be called as soon as the clock has stopped, for what is in memory then.
pub(crate) fn line(sample: &Sample) -> Result<String, Error> {
    let memory = sample.memory;
    let line = Line {
        commands: sample.commands,
        nanoseconds: u64::try_from(sample.took.as_nanos())?,
        rss: memory.map(|memory| memory.resident),
        heap: memory.and_then(|memory| memory.heap),
        allocations: sample.allocations.count,
        bytes: sample.allocations.bytes,
        commits: sample.commits,
    };
    Ok(serde_json::to_string(&line)?)
}

/// Adds what is in memory now.
pub(crate) fn with_memory(sample: Sample) -> Sample {
    Sample { memory: Memory::of_this_process(), ..sample }
}

/// Runs `program`, and reads what it has measured from the last line that it prints.
pub(crate) fn run(program: &Path, arguments: &[String]) -> Result<Sample, Error> {
    let output = Command::new(program).args(arguments).output();
    let output = output.map_err(|error| format!("{}: {error}", program.display()))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{} {arguments:?}: {}", program.display(), said.trim()).into());
    }
    read(&String::from_utf8(output.stdout)?)
}

fn read(said: &str) -> Result<Sample, Error> {
    let line: Line = serde_json::from_str(said.lines().last().unwrap_or_default())?;
    if line.commands == 0 {
        return Err("it did nothing".into());
    }
    Ok(Sample {
        commands: line.commands,
        took: Duration::from_nanos(line.nanoseconds),
        allocations: Allocations { count: line.allocations, bytes: line.bytes },
        commits: line.commits,
        wire: None,
        memory: line.rss.map(|resident| Memory { resident, heap: line.heap }),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_peers_line_is_read() {
        let sample = read("noise\n{\"commands\":2,\"nanoseconds\":3000,\"rss\":1048576}\n").unwrap();
        assert_eq!((sample.commands, sample.ns_per_command()), (2, 1500.0));
        assert_eq!(sample.memory.unwrap().text(), "1.0 MiB resident");
        assert!(read("{\"commands\":0,\"nanoseconds\":3,\"rss\":null}").is_err());
        assert!(read("").is_err());
    }

    #[test]
    fn what_is_written_is_read_again() {
        let memory = Some(Memory { resident: 3 << 20, heap: Some(1 << 20) });
        let allocations = Allocations { count: 5, bytes: 600 };
        let took = Duration::from_nanos(42);
        let sample = Sample { commands: 1, took, allocations, commits: Some(1), wire: None, memory };
        let again = read(&line(&sample).unwrap()).unwrap();
        assert_eq!(format!("{again:?}"), format!("{sample:?}"));
        assert_eq!(again.memory.unwrap().text(), "3.0 MiB resident, 1.0 MiB of it heap");
    }

    #[test]
    fn this_process_has_memory() {
        if cfg!(target_os = "linux") {
            assert!(Memory::of_this_process().unwrap().resident > 100_000);
        }
    }

    #[test]
    fn a_program_that_is_not_there_is_named() {
        let error = run(Path::new("no-such-program"), &[]).unwrap_err().to_string();
        assert!(error.starts_with("no-such-program: "), "{error}");
    }
}
