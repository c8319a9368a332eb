//! `cargo es schema`: keeps `events.lock` and the code together.

mod collect;
mod export;
mod problem;

use std::{
    fs::{self, File},
    io,
    path::PathBuf,
    process::Command,
    time::SystemTime,
};

use es_core::schema::{
    ShapeError, difference,
    lock::{LockError, LockFile, LockedEvent},
};

use crate::{Outcome, package::Package};
use collect::{CollectError, Found};
use problem::{Problem, problems};

/// Why `cargo es schema` could not do its work.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum SchemaError {
    #[error(transparent)]
    Collect(#[from] CollectError),
    #[error("{path} cannot be understood: {error}", path = path.display())]
    Lock { path: PathBuf, error: LockError },
    #[error("{path}: {error}", path = path.display())]
    File { path: PathBuf, error: io::Error },
    #[error("{path} does not exist: run `cargo es schema lock`, and commit it", path = path.display())]
    NoLock { path: PathBuf },
    #[error("nothing is locked under `{0}`, so there is nothing to forget")]
    NothingToForget(String),
    #[error("git has no revision `{revision}`: {told}")]
    Revision { revision: String, told: String },
    #[error("git cannot be started: {0}")]
    Git(io::Error),
    #[error("`{name}` version {version} in the lock file: {error}")]
    Shape { name: String, version: u32, error: ShapeError },
}

/// Reads the lock file; `None` when there is none.
pub(crate) fn read(path: PathBuf) -> Result<Option<LockFile>, SchemaError> {
    match fs::read_to_string(&path) {
        Ok(text) => LockFile::parse(&text).map(Some).map_err(|error| SchemaError::Lock { path, error }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(SchemaError::File { path, error }),
    }
}

/// Adds what is new. Writes nothing when something is wrong with what is there.
pub(crate) fn lock(package: &Package, forget: &[String]) -> Result<Outcome, SchemaError> {
    let path = package.lock_path();
    let before = read(path.clone())?;
    let mut locked = before.as_ref().map(|lock| lock.events().to_vec()).unwrap_or_default();
    for wanted in forget {
        let count = locked.len();
        locked
            .retain(|event| *wanted != event.name && *wanted != format!("{}@{}", event.name, event.version));
        if locked.len() == count {
            return Err(SchemaError::NothingToForget(wanted.clone()));
        }
    }
    let found = collect::events(package)?;
    let old = LockFile::new(locked.clone());
    let wrong: Vec<_> =
        problems(&old, &found).into_iter().filter(|problem| !problem.can_be_locked()).collect();
    if !wrong.is_empty() {
        return Ok(told(&wrong, "nothing was locked"));
    }
    let mut text = String::new();
    for event in found {
        match locked.iter_mut().find(|e| e.name == event.name && e.version == event.version) {
            // Its place in the code may change.
            Some(known) if known.rust == event.rust => {}
            Some(known) => {
                text += &moved(&old, known, &event);
                known.rust = event.rust;
            }
            None => {
                text += &format!("locked `{}` version {}\n", event.name, event.version);
                locked.push(LockedEvent {
                    name: event.name,
                    version: event.version,
                    rust: event.rust,
                    shape: event.shape,
                });
            }
        }
    }
    let after = LockFile::new(locked);
    if before.as_ref() != Some(&after) {
        fs::write(&path, after.to_string())
            .map_err(|error| SchemaError::File { path: path.clone(), error })?;
    }
    if before.is_none() {
        // Cargo does not see that a file appeared: it looks again at sources that changed.
        for target in &package.targets {
            let touched = File::options().append(true).open(&target.source);
            let touched = touched.and_then(|file| file.set_modified(SystemTime::now()));
            touched.map_err(|error| SchemaError::File { path: target.source.clone(), error })?;
        }
    }
    text += &format!("{} has {} event versions", path.display(), after.events().len());
    Ok(Outcome { text, good: true })
}

/// Says where an event went. Renaming is free; names that were exchanged by mistake look the same.
fn moved(old: &LockFile, known: &LockedEvent, event: &Found) -> String {
    let (name, version) = (&event.name, event.version);
    let before = problem::locked_elsewhere(old, event);
    let before = before.map_or_else(String::new, |b| format!(", which was locked as `{}`", b.name));
    format!("moved `{name}` version {version} from `{}` to `{}`{before}\n", known.rust, event.rust)
}

/// Where a struct is called otherwise than it is locked, nobody could see that names were exchanged.
fn renamed(event: &Found) -> String {
    let Found { name, version, rust, .. } = event;
    format!("note: `{name}` version {version} is `{rust}` now: `cargo es schema lock` writes it down\n")
}

/// Whether the lock file and the code say the same.
pub(crate) fn check(package: &Package) -> Result<Outcome, SchemaError> {
    let path = package.lock_path();
    let found = collect::events(package)?;
    let Some(locked) = read(path.clone())? else {
        if found.is_empty() {
            let text = format!("`{}` has no events, and no lock file", package.name);
            return Ok(Outcome { text, good: true });
        }
        return Err(SchemaError::NoLock { path });
    };
    let wrong = problems(&locked, &found);
    if wrong.is_empty() {
        let moved = found.iter().filter(|event| {
            locked.get(&event.name, event.version).is_some_and(|known| known.rust != event.rust)
        });
        let mut text: String = moved.map(renamed).collect();
        text += &format!("{} event versions are as locked", locked.events().len());
        return Ok(Outcome { text, good: true });
    }
    Ok(told(&wrong, "the code and events.lock differ"))
}

fn told(problems: &[Problem], end: &str) -> Outcome {
    let lines: Vec<String> = problems.iter().map(|problem| format!("error: {problem}\n")).collect();
    Outcome { text: format!("{}\n{end}", lines.join("\n")), good: false }
}

/// What the lock file gained, lost and changed since a revision.
pub(crate) fn diff(package: &Package, revision: &str) -> Result<Outcome, SchemaError> {
    let path = package.lock_path();
    let now = read(path.clone())?.unwrap_or_default();
    let then = at_revision(package, revision)?;
    let mut lines = Vec::new();
    let mut good = true;
    for old in then.events() {
        let line = match now.get(&old.name, old.version) {
            None => Some(format!("- {} v{}", old.name, old.version)),
            Some(new) => difference(&old.shape, &new.shape)
                .map(|difference| format!("~ {} v{}: {difference}", old.name, old.version)),
        };
        good &= line.is_none();
        lines.extend(line);
    }
    let new = now.events().iter().filter(|new| then.get(&new.name, new.version).is_none());
    lines.extend(new.map(|new| format!("+ {} v{}", new.name, new.version)));
    if lines.is_empty() {
        lines.push(format!("the same {} event versions as in {revision}", now.events().len()));
    }
    Ok(Outcome { text: lines.join("\n"), good })
}

fn at_revision(package: &Package, revision: &str) -> Result<LockFile, SchemaError> {
    let git = |arguments: &[&str]| {
        Command::new("git").current_dir(package.folder()).args(arguments).output().map_err(SchemaError::Git)
    };
    // Not to be taken for an option.
    let commit = git(&["rev-parse", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")])?;
    if !commit.status.success() {
        let told = String::from_utf8_lossy(&commit.stderr).trim_end().to_owned();
        return Err(SchemaError::Revision { revision: revision.to_owned(), told });
    }
    let commit = String::from_utf8_lossy(&commit.stdout).trim_end().to_owned();
    let shown = git(&["show", &format!("{commit}:./events.lock")])?;
    if !shown.status.success() {
        // There was none then.
        return Ok(LockFile::default());
    }
    let text = String::from_utf8_lossy(&shown.stdout);
    let path = PathBuf::from(format!("{revision}:events.lock"));
    LockFile::parse(&text).map_err(|error| SchemaError::Lock { path, error })
}

/// What is locked, for other readers: JSON Schema, or AsyncAPI when a pattern for topics is given.
pub(crate) fn export(package: &Package, topic: Option<&String>) -> Result<Outcome, SchemaError> {
    let path = package.lock_path();
    let locked = read(path.clone())?.ok_or(SchemaError::NoLock { path })?;
    let document = match topic {
        None => export::json_schema(&locked)?,
        Some(topic) => export::asyncapi(&locked, &package.name, topic)?,
    };
    Ok(Outcome { text: format!("{document:#}"), good: true })
}
