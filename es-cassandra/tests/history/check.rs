//! Whether a history of one aggregate is linearizable.
//!
//! The aggregate is a list that commands add to, and that refusals show. So the order of the writes is the list's
//! own, and a refusal belongs behind the last entry that it saw. Nothing is left to search: the history is
//! linearizable if, and only if, what was over before something began does not come after it in that order.

use std::{
    collections::HashMap,
    hash::{DefaultHasher, Hash, Hasher},
};

use serde::{Deserialize, Serialize};

/// A command, and when it was sent and answered, by one clock.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Op {
    pub call: u64,
    /// `None` if it was never known to be over.
    pub reply: Option<u64>,
    pub outcome: Outcome,
}

/// What its sender was told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The entry is in the list, at this place, from 1.
    Added { entry: u64, place: u64 },
    /// It certainly is not.
    NotAdded { entry: u64 },
    /// It may be.
    Unknown { entry: u64 },
    /// Decided on a list of so many entries, of this fingerprint.
    Saw { length: u64, fingerprint: Option<u64> },
}

/// How a history is impossible.
#[derive(Debug, PartialEq, Eq)]
pub enum Breach {
    Twice {
        entry: u64,
    },
    /// Acknowledged, but not there.
    NotInPlace {
        entry: u64,
        place: u64,
    },
    AddedAllTheSame {
        entry: u64,
    },
    NobodysEntry {
        entry: u64,
    },
    /// A state that there never was.
    NeverThere {
        length: u64,
    },
    /// At `call`, what comes at `late` in the list's order was over already.
    OutOfOrder {
        call: u64,
        late: (u64, u8),
    },
}

/// Of the first so many entries.
pub fn fingerprint(entries: &[u64]) -> u64 {
    let mut hasher = DefaultHasher::new();
    entries.hash(&mut hasher);
    hasher.finish()
}

/// Checks what senders were told against the list as it is in the end.
pub fn check(list: &[u64], ops: &[Op]) -> Result<(), Breach> {
    let mut places = HashMap::new();
    for (at, entry) in list.iter().enumerate() {
        if places.insert(*entry, at as u64 + 1).is_some() {
            return Err(Breach::Twice { entry: *entry });
        }
    }
    let mut senders = HashMap::new();
    // Each with its place in the list's order: what saw an entry comes right behind it.
    let mut placed = Vec::new();
    for op in ops {
        let place = match op.outcome {
            Outcome::Added { entry, place } => {
                if places.get(&entry) != Some(&place) {
                    return Err(Breach::NotInPlace { entry, place });
                }
                senders.insert(entry, ());
                (place, 0)
            }
            Outcome::NotAdded { entry } => {
                if places.contains_key(&entry) {
                    return Err(Breach::AddedAllTheSame { entry });
                }
                continue;
            }
            Outcome::Unknown { entry } => {
                senders.insert(entry, ());
                let Some(place) = places.get(&entry) else { continue };
                (*place, 0)
            }
            Outcome::Saw { length, fingerprint: seen } => {
                let there = usize::try_from(length).ok().and_then(|length| list.get(..length));
                if there.is_none_or(|there| seen.is_some_and(|seen| seen != fingerprint(there))) {
                    return Err(Breach::NeverThere { length });
                }
                (length, 1)
            }
        };
        placed.push((op, place));
    }
    if let Some(entry) = list.iter().find(|entry| !senders.contains_key(entry)) {
        return Err(Breach::NobodysEntry { entry: *entry });
    }
    in_order(&placed)
}

/// Goes through time, and holds each call against the latest place of all that was over before it.
fn in_order(placed: &[(&Op, (u64, u8))]) -> Result<(), Breach> {
    let mut calls: Vec<_> = placed.iter().map(|(op, place)| (op.call, *place)).collect();
    let mut replies: Vec<_> = placed.iter().filter_map(|(op, place)| Some((op.reply?, *place))).collect();
    calls.sort_unstable();
    replies.sort_unstable();
    let (mut over, mut late) = (replies.into_iter().peekable(), (0, 0));
    for (call, place) in calls {
        while let Some((_, replied)) = over.next_if(|(reply, _)| *reply < call) {
            late = late.max(replied);
        }
        if place < late {
            return Err(Breach::OutOfOrder { call, late });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::{Outcome::*, *};

    fn op(call: u64, reply: u64, outcome: Outcome) -> Op {
        Op { call, reply: Some(reply), outcome }
    }

    fn saw(entries: &[u64]) -> Outcome {
        Saw { length: entries.len() as u64, fingerprint: Some(fingerprint(entries)) }
    }

    /// Two writers and a reader, overlapping.
    fn good() -> (Vec<u64>, Vec<Op>) {
        let ops = vec![
            op(1, 9, Added { entry: 10, place: 2 }),
            op(2, 8, Added { entry: 20, place: 1 }),
            op(3, 4, saw(&[20])),
            op(5, 12, saw(&[20, 10])),
            op(10, 14, Added { entry: 30, place: 3 }),
            op(11, 13, saw(&[20, 10])),
            op(15, 16, NotAdded { entry: 40 }),
            Op { call: 15, reply: None, outcome: Unknown { entry: 50 } },
            Op { call: 15, reply: None, outcome: Unknown { entry: 60 } },
            op(17, 18, Saw { length: 4, fingerprint: None }),
        ];
        (vec![20, 10, 30, 60], ops)
    }

    #[test]
    fn a_possible_history_passes() {
        let (list, ops) = good();
        assert_eq!(check(&list, &ops), Ok(()));
        assert_eq!(check(&[], &[]), Ok(()));
    }

    #[test]
    fn each_breach_is_found() {
        type Plant = fn(&mut Vec<u64>, &mut Vec<Op>);
        let plants: [(Plant, Breach); 10] = [
            (|list, _| list.push(20), Breach::Twice { entry: 20 }),
            (|list, _| list.truncate(3), Breach::NeverThere { length: 4 }),
            (|list, _| list.swap(0, 1), Breach::NotInPlace { entry: 10, place: 2 }),
            (
                |list, _| {
                    list.remove(2);
                },
                Breach::NotInPlace { entry: 30, place: 3 },
            ),
            (|list, _| list.push(40), Breach::AddedAllTheSame { entry: 40 }),
            (|list, _| list.push(70), Breach::NobodysEntry { entry: 70 }),
            (|_, ops| ops.push(op(3, 4, saw(&[10]))), Breach::NeverThere { length: 1 }),
            // A refusal on a stale state: entry 10 was acknowledged at 9.
            (|_, ops| ops.push(op(19, 20, saw(&[20, 10]))), Breach::OutOfOrder { call: 19, late: (4, 1) }),
            (|_, ops| ops[5] = op(11, 13, saw(&[20])), Breach::OutOfOrder { call: 11, late: (2, 0) }),
            // A write that a reply had shown before it was sent.
            (|_, ops| ops[4].call = 19, Breach::OutOfOrder { call: 19, late: (4, 1) }),
        ];
        for (plant, breach) in plants {
            let (mut list, mut ops) = good();
            plant(&mut list, &mut ops);
            assert_eq!(check(&list, &ops), Err(breach));
        }
    }

    /// Writes whose order in the list is not that in which they were made.
    #[test]
    fn writes_one_after_the_other_stay_in_order() {
        let ops = [op(1, 2, Added { entry: 1, place: 2 }), op(3, 4, Added { entry: 2, place: 1 })];
        assert_eq!(check(&[2, 1], &ops), Err(Breach::OutOfOrder { call: 3, late: (2, 0) }));
        // At once, they may come in any.
        let ops = [op(1, 3, Added { entry: 1, place: 2 }), op(2, 4, Added { entry: 2, place: 1 })];
        assert_eq!(check(&[2, 1], &ops), Ok(()));
    }
}
