//! Fuzzing: everything that reads bytes from outside, beginning with bytes that real writers wrote.

use std::{
    fs,
    path::{Path, PathBuf},
};

use serde_json::Value;

use crate::run::Steps;

/// The targets of `fuzz/targets`, and where the bytes come from that they begin with.
const TARGETS: &[(&str, Seeds)] = &[
    ("debezium", Seeds::Records("es-kafka/tests/fixtures")),
    ("frame", Seeds::Files("tests/golden", "framing_")),
    ("schema", Seeds::Files("tests/golden", "events.lock")),
];

#[derive(Clone, Copy)]
enum Seeds {
    /// Files of a folder whose names begin so.
    Files(&'static str, &'static str),
    /// Lines of JSON, each with a key and a value.
    Records(&'static str),
}

/// Fuzzes each target for `seconds`, with as many processes as there are cores.
pub(crate) fn steps(steps: &mut Steps, seconds: u64) {
    let target = steps.root().join("target/fuzz");
    let folder = target.to_string_lossy().into_owned();
    let (time, jobs) = (format!("-max_total_time={seconds}"), cores().to_string());
    for (name, seeds) in TARGETS {
        let corpus = target.join("corpus").join(name);
        let root = steps.root().to_owned();
        steps.step(&format!("seeds {name}"), || {
            sow(&root, *seeds, &corpus).map_err(|error| error.to_string())
        });
        if steps.failed() {
            continue;
        }
        let corpus = corpus.to_string_lossy();
        // A record is up to 20 MB long; what a parser does with so many bytes shows with fewer.
        let limits = ["--", &time, "-max_len=65536", "-timeout=10", "-rss_limit_mb=2048"];
        // No sanitizer: nothing of ours is `unsafe`, and C libraries do not link with it.
        let line =
            ["fuzz", "run", "--sanitizer", "none", "--target-dir", &folder, "--jobs", &jobs, name, &corpus];
        let line: Vec<&str> = ["+nightly"].into_iter().chain(line).chain(limits).collect();
        steps.rustup_cargo(&format!("fuzz {name}"), &line);
    }
}

fn cores() -> usize {
    std::thread::available_parallelism().map_or(1, usize::from)
}

fn sow(root: &Path, seeds: Seeds, corpus: &Path) -> std::io::Result<()> {
    fs::create_dir_all(corpus)?;
    let (folder, wanted) = match seeds {
        Seeds::Files(folder, begin) => (folder, begin),
        Seeds::Records(folder) => (folder, ""),
    };
    for file in files(&root.join(folder), wanted)? {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match seeds {
            Seeds::Files(..) => {
                fs::copy(&file, corpus.join(name))?;
            }
            Seeds::Records(_) if name.ends_with(".jsonl") => {
                for (at, line) in fs::read_to_string(&file)?.lines().enumerate() {
                    let record: Value = serde_json::from_str(line)?;
                    // Of the table that the target reads.
                    let text = format!("{}\0{}", record["key"], record["value"]);
                    let text = text.replace("\"clock_events\"", "\"account_events\"");
                    fs::write(corpus.join(format!("{name}-{at}")), text)?;
                }
            }
            Seeds::Records(_) => {}
        }
    }
    Ok(())
}

fn files(folder: &Path, begin: &str) -> std::io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_name().to_string_lossy().starts_with(begin) {
            found.push(entry.path());
        }
    }
    found.sort();
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_target_has_bytes_to_begin_with() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let folder = tempfile::tempdir().unwrap();
        for (name, seeds) in TARGETS {
            assert!(root.join(format!("fuzz/targets/{name}.rs")).exists(), "{name}");
            let corpus = folder.path().join(name);
            sow(root, *seeds, &corpus).unwrap();
            assert!(
                files(&corpus, "").unwrap().iter().any(|file| fs::metadata(file).unwrap().len() > 0),
                "{name}"
            );
        }
        assert_eq!(files(&root.join("fuzz/targets"), "").unwrap().len(), TARGETS.len());
    }
}
