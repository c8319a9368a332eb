//! Streams have no gap, no overlap and no fork, and name each event's place.

use std::collections::HashMap;

use serde_json::{Value, json};

use super::{StoredCommit, Streams, Violation};

pub(super) fn check(streams: &Streams) -> Vec<Violation> {
    let mut found = Vec::new();
    let mut ids = HashMap::new();
    for (account, commits) in streams {
        let mut before: Option<&StoredCommit> = None;
        for commit in commits {
            let mut broken = |kind, what: String| {
                let around = before.into_iter().chain([commit]).map(show).collect();
                found.push(Violation::new(kind, format!("{account}: {what}"), around));
            };
            let due = before.map_or(1, |before| before.last_sequence + 1);
            if commit.sequence != due {
                broken(
                    "gapless",
                    format!("a commit is at {}, after which the next is {due}", commit.sequence),
                );
            }
            if commit.parent != before.map(|before| before.id) {
                broken(
                    "one chain",
                    format!("the commit at {} does not follow the one before it", commit.sequence),
                );
            }
            let events: usize = commit.commands.iter().map(|command| command.events.len()).sum();
            if commit.sequence + events as u64 != commit.last_sequence + 1 {
                broken("gapless", format!("the commit at {} has {events} events", commit.sequence));
            }
            if let Some(other) = ids.insert(commit.id, account) {
                broken("one chain", format!("commit {} is in {other}, too", commit.id));
            }
            before = Some(commit);
        }
    }
    found
}

fn show(commit: &StoredCommit) -> Value {
    let commands: Vec<_> = commit.commands.iter().map(|command| command.id).collect();
    json!({
        "commit": commit.id, "parent": commit.parent, "sequence": commit.sequence,
        "last_sequence": commit.last_sequence, "commands": commands,
    })
}
