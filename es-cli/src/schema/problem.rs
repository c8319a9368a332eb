//! What can be wrong between the code and the lock file.

use std::fmt;

use es_core::schema::{
    difference,
    lock::{LockFile, LockedEvent},
};

use super::collect::Found;

pub(super) enum Problem {
    /// In the code and not in the lock file.
    New { name: String, version: u32, place: String },
    /// In the lock file and not in the code.
    Gone { name: String, version: u32 },
    /// Another shape than the locked one.
    Changed { name: String, version: u32, place: String, difference: String },
    /// Its struct was locked under another name.
    Moved { name: String, version: u32, place: String, from: String, to: String, other: String },
    /// Two structs are the same version of one event.
    Twice { name: String, version: u32, places: [String; 2] },
}

impl Problem {
    /// Whether `cargo es schema lock` is what mends it.
    pub(super) fn can_be_locked(&self) -> bool {
        matches!(self, Self::New { .. } | Self::Moved { .. })
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New { name, version, place } => write!(
                f,
                "`{name}` version {version} is not locked: run `cargo es schema lock`, and commit events.lock\n  \
                 --> {place}"
            ),
            Self::Gone { name, version } => write!(
                f,
                "`{name}` version {version} is locked, and not in the code any more: stored events of it could not be \
                 read\n  \
                 Bring its struct back, with `#[derive(PastEvent)]` if it is an old version.\n  \
                 Was it never stored anywhere? `cargo es schema lock --forget {name}@{version}`"
            ),
            Self::Changed { name, version, place, difference } => write!(
                f,
                "the shape of `{name}` version {version} is not the locked one: {difference}\n  \
                 --> {place}\n  \
                 Undo the change, or make it `version = {}` with the old struct as `from`: `cargo check` says how.\n  \
                 Was it never stored anywhere? `cargo es schema lock --forget {name}@{version}`",
                version.saturating_add(1)
            ),
            Self::Moved { name, version, place, from, to, other } => write!(
                f,
                "`{name}` version {version} is locked with `{from}`, and is `{to}` now, which is locked as `{other}`: \
                 what is stored under one name would be read as the other\n  \
                 --> {place}\n  \
                 Undo the change of the names. Or, if it is the structs that were renamed, each with its event: run \
                 `cargo es schema lock`, and commit events.lock."
            ),
            Self::Twice { name, version, places: [one, other] } => write!(
                f,
                "two structs are stored as `{name}` version {version}: give one of them another name\n  \
                 --> {one}\n  \
                 --> {other}"
            ),
        }
    }
}

/// All of them.
pub(super) fn problems(locked: &LockFile, found: &[Found]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for (i, event) in found.iter().enumerate() {
        let (name, version, place) = (event.name.clone(), event.version, event.place.clone());
        if let Some(other) = found[..i].iter().find(|other| other.is_stored_as(event)) {
            problems.push(Problem::Twice { name, version, places: [other.place.clone(), place] });
            continue;
        }
        match locked.get(&name, version) {
            None => problems.push(Problem::New { name, version, place }),
            Some(known) => {
                if let Some(other) = locked_elsewhere(locked, event) {
                    let (name, place, other) = (name.clone(), place.clone(), other.name.clone());
                    let (from, to) = (known.rust.clone(), event.rust.clone());
                    problems.push(Problem::Moved { name, version, place, from, to, other });
                }
                if let Some(difference) = difference(&known.shape, &event.shape) {
                    let difference = difference.to_string();
                    problems.push(Problem::Changed { name, version, place, difference });
                }
            }
        }
    }
    for known in locked.events() {
        if !found.iter().any(|event| event.name == known.name && event.version == known.version) {
            problems.push(Problem::Gone { name: known.name.clone(), version: known.version });
        }
    }
    problems
}

/// The event of another name that the struct was locked as, unless it was locked under its own, too.
pub(super) fn locked_elsewhere<'a>(locked: &'a LockFile, event: &Found) -> Option<&'a LockedEvent> {
    let mut same = locked.events().iter().filter(|known| known.rust == event.rust);
    let first = same.clone().next()?;
    same.all(|known| known.name != event.name).then_some(first)
}
