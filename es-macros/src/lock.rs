//! The one file that macros read: `events.lock`, the shapes of the events that are stored.

use std::{
    env, fs,
    path::{Path, PathBuf},
};

const FILE: &str = "events.lock";
/// The targets that share a package's manifest, but whose events are not the package's.
const APART: [&str; 3] = ["examples", "tests", "benches"];
/// Set by `cargo es schema`: the package and the target whose events are to be reported.
const REPORT: &str = "ES_SCHEMA_REPORT";

/// What is known about the events of the file that is being compiled.
pub(crate) enum Lock {
    /// There is no lock file, or none that holds for this code.
    None,
    /// Shapes are being collected. Whether those of this code.
    Collected(bool),
    /// The lock file, and what it says.
    Read { path: PathBuf, events: Vec<Locked> },
}

/// The locked shape of one version of an event.
pub(crate) struct Locked {
    pub(crate) name: String,
    pub(crate) version: u32,
    /// Its Rust path when it was locked.
    pub(crate) rust: String,
    /// The lines of its shape.
    pub(crate) shape: String,
}

impl Lock {
    /// For the code that is being expanded. The error is a sentence.
    pub(crate) fn find() -> Result<Self, String> {
        if let Some(wanted) = env::var_os(REPORT) {
            return Ok(Self::Collected(wanted.into_string().is_ok_and(|wanted| wanted == target())));
        }
        let Some(path) = path() else { return Ok(Self::None) };
        let text =
            fs::read_to_string(&path).map_err(|e| format!("{} cannot be read: {e}", path.display()))?;
        let events = parse(&text).map_err(|why| format!("{} cannot be understood: {why}", path.display()))?;
        Ok(Self::Read { path, events })
    }
}

/// The target that is being compiled, as `cargo es schema` names it.
fn target() -> String {
    let of = |name| env::var(name).unwrap_or_default();
    match env::var("CARGO_BIN_NAME") {
        Ok(name) => format!("{}:bin:{name}", of("CARGO_MANIFEST_DIR")),
        Err(_) => format!("{}:lib:", of("CARGO_MANIFEST_DIR")),
    }
}

/// The lock file that holds for the code that is being expanded.
fn path() -> Option<PathBuf> {
    if env::var_os("UNSTABLE_RUSTDOC_TEST_PATH").is_some() {
        // The events of an example in documentation are nobody's.
        return None;
    }
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    // Without links, as that of the source file is.
    let package = package.map(|folder| folder.canonicalize().unwrap_or(folder));
    // Cargo says where integration tests and benchmarks may write, and nobody else.
    let is_test = env::var_os("CARGO_TARGET_TMPDIR").is_some();
    find(source().as_deref(), package.as_deref(), is_test)
}

/// The nearest lock file at or above the source file, up to the package that is compiled. One above an example, a
/// test or a benchmark does not hold for it.
///
/// A file that is not the package's own, because it is generated, included, or another package's, becomes part of
/// this one: its lock file holds, and not that of where the file happens to be.
fn find(source: Option<&Path>, package: Option<&Path>, is_test: bool) -> Option<PathBuf> {
    let lock = |folder: &Path| Some(folder.join(FILE)).filter(|path| path.is_file());
    for folder in source.into_iter().flat_map(|source| source.ancestors().skip(1)) {
        // Without cargo, the first package is the own one.
        let own = package.map_or_else(|| is_package(folder), |package| package == folder);
        let foreign = !own && is_package(folder);
        if !foreign && let Some(path) = lock(folder) {
            return Some(path);
        }
        let apart = folder.file_name().is_some_and(|name| APART.iter().any(|a| name == *a));
        if own || (apart && folder.parent().is_some_and(is_package)) {
            return None;
        }
        if foreign {
            break;
        }
    }
    package.filter(|_| !is_test).and_then(lock)
}

fn is_package(folder: &Path) -> bool {
    folder.join("Cargo.toml").is_file()
}

/// The file that the macro is used in.
fn source() -> Option<PathBuf> {
    if !proc_macro::is_available() {
        return None;
    }
    let file = proc_macro::Span::call_site().local_file()?;
    file.canonicalize().ok()
}

fn parse(text: &str) -> Result<Vec<Locked>, String> {
    let mut events: Vec<Locked> = Vec::new();
    let mut format = false;
    for (number, line) in text.lines().enumerate() {
        let wrong = |what: &str| Err(format!("line {} is {what}: `{line}`", number + 1));
        if line.trim().is_empty() || line.starts_with('#') {
            continue;
        }
        if let Some(shape) = line.strip_prefix("    ") {
            let Some(event) = events.last_mut() else { return wrong("before the first event") };
            event.shape.push_str(shape);
            event.shape.push('\n');
        } else if let Some(version) = line.strip_prefix("format ") {
            if version != "1" {
                return wrong("of a newer version of event-sourcing-rs");
            }
            format = true;
        } else {
            let mut words = line.split(' ');
            let (name, version, rust) = (words.next(), words.next(), words.next());
            let version = version.and_then(|v| v.strip_prefix('v')).and_then(|v| v.parse().ok());
            let (Some(name), Some(version), Some(rust), None) = (name, version, rust, words.next()) else {
                return wrong("no event (a merge conflict?)");
            };
            events.push(Locked {
                name: name.to_owned(),
                version,
                rust: rust.to_owned(),
                shape: String::new(),
            });
        }
    }
    if format { Ok(events) } else { Err("it does not say `format 1`".to_owned()) }
}

#[cfg(test)]
mod tests {
    use std::{env, fs, path::PathBuf};

    use super::{find, parse};

    /// A workspace with two packages: `bank`, whose lock it is about, and `other`.
    struct Folders(PathBuf);
    impl Folders {
        fn new() -> Self {
            let root = env::temp_dir().join(format!("es-macros-lock-{}", std::process::id()));
            let _ = fs::remove_dir_all(&root);
            for file in [
                "Cargo.toml",
                "events.lock",
                "bank/Cargo.toml",
                "bank/events.lock",
                "bank/src/bin/till.rs",
                "bank/tests/it.rs",
                "bank/examples/own/events.lock",
                "other/Cargo.toml",
                "other/events.lock",
                "plain/Cargo.toml",
                "target/debug/build/bank-1/out/events.rs",
                "shared/events.rs",
                "ui/lock/events.lock",
            ] {
                let path = root.join(file);
                fs::create_dir_all(path.parent().unwrap()).unwrap();
                fs::write(path, "").unwrap();
            }
            Self(root)
        }
        fn found(&self, source: &str, is_test: bool) -> Option<String> {
            let found = find(Some(&self.0.join(source)), Some(&self.0.join("bank")), is_test)?;
            Some(found.parent()?.strip_prefix(&self.0).ok()?.to_str()?.to_owned())
        }
    }
    impl Drop for Folders {
        fn drop(&mut self) {
            let _ = fs::remove_dir_all(&self.0);
        }
    }

    #[test]
    fn which_one_holds() {
        let folders = Folders::new();
        for (source, holds) in [
            ("bank/src/lib.rs", Some("bank")),
            ("bank/src/bin/till.rs", Some("bank")),
            ("bank/src/examples/mod.rs", Some("bank")),
            // Not the package's.
            ("bank/tests/it.rs", None),
            ("bank/examples/one.rs", None),
            ("bank/examples/own/main.rs", Some("bank/examples/own")),
            ("examples/one.rs", None),
            // Compiled into the package.
            ("shared/events.rs", Some("bank")),
            ("target/debug/build/bank-1/out/events.rs", Some("bank")),
            ("other/src/lib.rs", Some("bank")),
            ("plain/src/lib.rs", Some("bank")),
            // Beside the file on purpose.
            ("ui/lock/case.rs", Some("ui/lock")),
        ] {
            assert_eq!(folders.found(source, false).as_deref(), holds, "{source}");
        }
        assert_eq!(folders.found("shared/events.rs", true), None, "a test's");
        assert_eq!(folders.found("ui/lock/case.rs", true).as_deref(), Some("ui/lock"));
        let package = folders.0.join("bank");
        assert_eq!(find(None, Some(&package), false), Some(package.join("events.lock")), "nothing is known");
        let without_cargo = find(Some(&package.join("src/lib.rs")), None, false);
        assert_eq!(without_cargo, Some(package.join("events.lock")));
    }

    #[test]
    fn what_it_says() {
        let text = "# note\nformat 1\n\na.b v1 crate::B\n    x: u8\n    y: u8\na.c v12 crate::C\n";
        let events = parse(text).unwrap_or_else(|why| panic!("{why}"));
        assert_eq!(events.len(), 2);
        assert_eq!((&*events[0].name, events[0].version, &*events[0].rust), ("a.b", 1, "crate::B"));
        assert_eq!((&*events[0].shape, &*events[1].shape), ("x: u8\ny: u8\n", ""));
    }

    #[test]
    fn what_it_cannot_say() {
        for (text, why) in [
            ("", "`format 1`"),
            ("format 2\n", "newer version"),
            ("format 1\n    x: u8\n", "before the first event"),
            ("format 1\n<<<<<<< HEAD\n", "merge conflict"),
            ("format 1\na.b v1\n", "line 2"),
        ] {
            let told = parse(text).err().unwrap_or_default();
            assert!(told.contains(why), "{told}");
        }
    }
}
