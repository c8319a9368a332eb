//! What command processes did and were told, as JSON lines.
//!
//! A line is written before a command is sent, and another when there is a reply. What is written is the system's, and
//! outlives `kill -9` of its writer: a call without a reply has an outcome nobody knows.

use std::{
    fs::{self, File},
    io::{self, Write},
    path::Path,
    sync::Mutex,
};

use rustix::time::{ClockId, clock_gettime};
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An account's, or an aircraft's.
type AggregateId = String;

/// Nanoseconds of a clock that all processes of this machine read, and that nobody sets.
pub(crate) fn now() -> u64 {
    let now = clock_gettime(ClockId::Monotonic);
    u64::try_from(now.tv_sec).unwrap_or(0) * 1_000_000_000 + u64::try_from(now.tv_nsec).unwrap_or(0)
}

/// What a command wants.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Want {
    Open,
    Deposit {
        amounts: Vec<u64>,
    },
    Send {
        transfer: Uuid,
        to: AggregateId,
        amount: u64,
    },
    Receive {
        transfer: Uuid,
        amount: u64,
    },
    Depart {
        row: u32,
        carrier: String,
    },
    /// From that flight.
    Land {
        row: u32,
        carrier: String,
    },
}

/// A command. Sent any number of times, by any process, always under its id.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Op {
    pub(crate) id: Uuid,
    pub(crate) account: AggregateId,
    pub(crate) want: Want,
}

/// What the sender was told.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    /// Stored; `version` is the place of its last event.
    Done { version: u64, duplicate: bool },
    /// Refused, on a state of so many events.
    Refused { balance: u64, events: u64 },
    /// This try certainly stored nothing.
    Not(String),
    /// It may have.
    Unknown(String),
}

#[derive(Debug, Serialize, Deserialize)]
enum Line {
    Call { number: u64, at: u64, op: Op },
    Reply { number: u64, at: u64, outcome: Outcome },
}

/// One sending of a command.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Try {
    /// Who sent it.
    pub(crate) by: String,
    pub(crate) op: Op,
    pub(crate) call: u64,
    /// `None` when the sender ended first.
    pub(crate) reply: Option<(u64, Outcome)>,
}

impl Try {
    pub(crate) fn is_done(&self) -> bool {
        matches!(self.reply, Some((_, Outcome::Done { .. })))
    }
}

/// A history that is being written.
pub(crate) struct Journal {
    /// And the number of the next call.
    file: Mutex<(File, u64)>,
}

impl Journal {
    /// A new file in `folder`, which must not be there yet.
    pub(crate) fn create(folder: &Path, name: &str) -> io::Result<Self> {
        fs::create_dir_all(folder)?;
        let file =
            File::options().append(true).create_new(true).open(folder.join(format!("{name}.jsonl")))?;
        Ok(Self { file: Mutex::new((file, 0)) })
    }

    /// Before a command is sent.
    pub(crate) fn call(&self, op: &Op) -> io::Result<u64> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        let (file, next) = &mut *file;
        *next += 1;
        let number = *next;
        write(file, &Line::Call { number, at: now(), op: op.clone() })?;
        Ok(number)
    }

    /// As soon as there is a reply, at the time `at`.
    pub(crate) fn reply(&self, number: u64, at: u64, outcome: Outcome) -> io::Result<()> {
        let mut file = self.file.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        write(&mut file.0, &Line::Reply { number, at, outcome })
    }
}

fn write(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_vec(line)?;
    text.push(b'\n');
    file.write_all(&text)
}

/// Reads all histories in `folder` whose names begin with `prefix`, in the order of their calls.
pub(crate) fn read(folder: &Path, prefix: &str) -> io::Result<Vec<Try>> {
    let mut tries = Vec::new();
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries.collect::<io::Result<Vec<_>>>()?,
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error),
    };
    for entry in entries {
        let path = entry.path();
        let name = path.file_stem().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        if name.starts_with(prefix) && path.extension().is_some_and(|e| e == "jsonl") {
            tries.extend(parse(&name, &fs::read_to_string(&path)?)?);
        }
    }
    tries.sort_by_key(|one: &Try| one.call);
    Ok(tries)
}

fn parse(by: &str, text: &str) -> io::Result<Vec<Try>> {
    let broken = |what: String| io::Error::new(io::ErrorKind::InvalidData, format!("history {by}: {what}"));
    let mut tries = Vec::<Try>::new();
    // A process that is killed may leave a last line that is cut off: nothing had followed from it yet.
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    for line in whole.lines() {
        match serde_json::from_str(line).map_err(|error| broken(format!("`{line}`: {error}")))? {
            Line::Call { number, at, op } => {
                if number != tries.len() as u64 + 1 {
                    return Err(broken(format!("call {number} comes after {}", tries.len())));
                }
                tries.push(Try { by: by.to_owned(), op, call: at, reply: None });
            }
            Line::Reply { number, at, outcome } => {
                let index = usize::try_from(number).ok().and_then(|number| number.checked_sub(1));
                let one = index.and_then(|index| tries.get_mut(index));
                one.ok_or_else(|| broken(format!("reply {number} to no call")))?.reply = Some((at, outcome));
            }
        }
    }
    Ok(tries)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read() {
        let folder = std::env::temp_dir().join(format!("es-faults-{}", Uuid::now_v7()));
        let op = |account: &str| Op { id: Uuid::now_v7(), account: account.to_owned(), want: Want::Open };
        let (a, b) = (op("a"), op("b"));
        let journal = Journal::create(&folder, "commands1-1").unwrap();
        let first = journal.call(&a).unwrap();
        journal.call(&b).unwrap();
        let outcome = Outcome::Done { version: 1, duplicate: false };
        journal.reply(first, now(), outcome.clone()).unwrap();
        assert!(Journal::create(&folder, "commands1-1").is_err(), "two writers of one file");
        let tries = read(&folder, "commands1").unwrap();
        assert_eq!(tries.iter().map(|one| &one.op).collect::<Vec<_>>(), [&a, &b]);
        assert_eq!(tries[0].reply.as_ref().map(|(_, outcome)| outcome), Some(&outcome));
        assert!(tries[1].reply.is_none() && tries[0].call < tries[1].call);
        assert_eq!(read(&folder, "commands2").unwrap(), []);
        fs::remove_dir_all(folder).unwrap();
    }
}
