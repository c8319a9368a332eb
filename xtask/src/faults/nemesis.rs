//! Who kills, freezes and cuts: several lanes of faults, one after the other in each.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, MutexGuard, PoisonError},
    time::{Duration, Instant},
};

use super::{
    dice::Dice,
    kind::{How, Kind},
    wire::Wire,
};
use crate::stack::{Cut, Part, Stack, Wanted};

/// Faults overlap, but not all at once: then nothing would be done between them. One node is gone half the time as it is.
const fn lanes(nodes: u8) -> u64 {
    if nodes == 1 { 2 } else { 3 }
}

/// How long a killed part is gone, and a frozen one asleep or a wire cut: some longer than an outcome is waited for, and than a
/// listener may be silent before its partitions are another's.
const GONE: (Duration, Duration) = (Duration::from_millis(300), Duration::from_secs(5));
const ASLEEP: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(14));
/// How long a server is cut off from others: some longer than nodes take to call one that they do not hear down.
const APART: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(25));
/// How long TCP waits at most, after so long a cut, until it sends again what did not arrive.
const HELD: Duration = Duration::from_secs(13);
const BETWEEN: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(3));
/// How long the other nodes may need to notice that one is back. Until then what they are told does not go to it: it
/// counts as away.
const NOTICED: Duration = Duration::from_secs(6);
/// After a draw of parts that another lane has in hand.
const AGAIN: Duration = Duration::from_millis(100);
/// A part that cannot start, since another is gone, is started again until it can.
const START_WITHIN: Duration = Duration::from_secs(300);

pub(super) struct Nemesis<'a> {
    stack: &'a Stack,
    wanted: Wanted,
    parts: Vec<Part>,
    /// Between the application and these parts.
    wires: &'a BTreeMap<Part, Wire>,
    /// Parts that somebody has in hand.
    taken: Mutex<BTreeSet<Part>>,
    done: Mutex<Done>,
}

/// What was done.
#[derive(Default)]
pub(super) struct Done {
    pub(super) faults: BTreeMap<Kind, u64>,
    /// How many bytes of commit logs power cuts took.
    pub(super) unsynced: u64,
    /// Parts that were found to have ended without having been killed, and were started again.
    pub(super) ended: BTreeMap<String, u64>,
}

impl<'a> Nemesis<'a> {
    pub(super) fn new(
        stack: &'a Stack,
        wanted: Wanted,
        parts: Vec<Part>,
        wires: &'a BTreeMap<Part, Wire>,
    ) -> Self {
        Self { stack, wanted, parts, wires, taken: Mutex::default(), done: Mutex::default() }
    }

    /// Goes on for the time, and until each kind of fault has happened. Afterwards all parts run.
    pub(super) fn rage(self, kinds: &[Kind], seed: u64, time: Duration) -> Result<Done, String> {
        let begin = Instant::now();
        let mut due = kinds.to_vec();
        Dice::new(seed, 0).shuffle(&mut due);
        let result = std::thread::scope(|scope| {
            let lanes = lanes(self.wanted.nodes);
            let lanes: Vec<_> = (0..lanes)
                .map(|lane| {
                    let due = due.iter().skip(usize::try_from(lane).unwrap_or(0)).step_by(lanes as usize);
                    let due = due.copied().collect::<Vec<_>>();
                    let this = &self;
                    scope.spawn(move || this.lane(due, kinds, Dice::new(seed, 1 + lane), begin, time))
                })
                .collect();
            while lanes.iter().any(|lane| !lane.is_finished()) {
                std::thread::sleep(Duration::from_millis(500));
                self.look_after()?;
            }
            lanes.into_iter().try_for_each(|lane| match lane.join() {
                Ok(result) => result,
                Err(_) => Err("a lane of faults panicked".to_owned()),
            })
        });
        result?;
        self.look_after()?;
        Ok(self.done.into_inner().unwrap_or_else(PoisonError::into_inner))
    }

    fn lane(
        &self,
        mut due: Vec<Kind>,
        kinds: &[Kind],
        mut dice: Dice,
        begin: Instant,
        time: Duration,
    ) -> Result<(), String> {
        while !kinds.is_empty() && (!due.is_empty() || begin.elapsed() < time) {
            let is_due = due.pop();
            let kind = is_due.unwrap_or_else(|| kinds[dice.below(kinds.len())]);
            let targets = kind.targets(&self.parts, &mut dice);
            if !self.try_take(&targets) {
                // Another lane has them in hand. Waiting for it would be a time without a fault.
                due.splice(0..0, is_due);
                std::thread::sleep(AGAIN);
                continue;
            }
            let (from, to) = match kind.how() {
                How::Kill | How::PowerCut => GONE,
                How::Freeze | How::Cut => ASLEEP,
                How::CutOff => APART,
            };
            let cut = Cut::ALL[dice.below(Cut::ALL.len())];
            let pause = dice.between(from, to);
            let between = dice.between(BETWEEN.0, BETWEEN.1);
            let names: Vec<_> = targets.iter().map(ToString::to_string).collect();
            println!(
                "{:6.1} s: {kind}, {} for {pause:?}",
                begin.elapsed().as_secs_f64(),
                names.join(" and ")
            );
            let result = match kind.how() {
                How::Cut => self.cut(&targets, cut, pause),
                How::CutOff => self.cut_off(&targets, cut, pause),
                how => self.harm(how, &targets, pause),
            };
            if self.wanted.nodes > 1 && targets.iter().any(|part| matches!(part, Part::Node(_))) {
                let held = if kind.how() == How::CutOff { HELD.min(pause) } else { Duration::ZERO };
                std::thread::sleep(NOTICED + held);
            }
            self.free(&targets);
            result?;
            *lock(&self.done).faults.entry(kind).or_default() += 1;
            std::thread::sleep(between);
        }
        Ok(())
    }

    fn harm(&self, how: How, targets: &[Part], pause: Duration) -> Result<(), String> {
        let mut servers = Vec::new();
        for part in targets {
            servers.push(match self.stack.find(self.wanted, part)? {
                Some(server) => server,
                None => {
                    self.ended(part)?;
                    self.stack.find(self.wanted, part)?.ok_or_else(|| format!("{part} does not stay up"))?
                }
            });
        }
        if how == How::Freeze {
            servers.iter().try_for_each(|server| server.freeze())?;
            std::thread::sleep(pause);
            return servers.iter().try_for_each(|server| server.wake());
        }
        servers.iter().try_for_each(|server| server.kill())?;
        for part in targets {
            if let (How::PowerCut, Part::Node(number)) = (how, part) {
                let lost = self.stack.cut_power(self.wanted, *number)?;
                println!("{part} had {lost} bytes that were not synced");
                lock(&self.done).unsynced += lost;
            }
        }
        std::thread::sleep(pause);
        // In reverse: an agent needs its node, and its broker.
        targets.iter().rev().try_for_each(|part| self.start(part))
    }

    fn cut(&self, targets: &[Part], cut: Cut, pause: Duration) -> Result<(), String> {
        let wire = |part| self.wires.get(part).ok_or_else(|| format!("there is no wire to {part}"));
        let wires = targets.iter().map(wire).collect::<Result<Vec<_>, _>>()?;
        println!("{cut}");
        wires.iter().for_each(|wire| wire.cut(cut));
        std::thread::sleep(pause);
        wires.iter().for_each(|wire| wire.mend());
        Ok(())
    }

    fn cut_off(&self, targets: &[Part], cut: Cut, pause: Duration) -> Result<(), String> {
        println!("{cut}");
        targets.iter().try_for_each(|part| self.stack.cut_off(self.wanted, part, cut))?;
        std::thread::sleep(pause);
        targets.iter().try_for_each(|part| self.stack.join_again(self.wanted, part))
    }

    /// Starts what has ended by itself, as whoever runs services does.
    fn look_after(&self) -> Result<(), String> {
        for part in &self.parts {
            let part = std::slice::from_ref(part);
            if !self.try_take(part) {
                continue;
            }
            let result = match self.stack.find(self.wanted, &part[0]) {
                Ok(None) => self.ended(&part[0]),
                other => other.map(drop),
            };
            self.free(part);
            result?;
        }
        Ok(())
    }

    fn ended(&self, part: &Part) -> Result<(), String> {
        println!("{part} has ended by itself");
        *lock(&self.done).ended.entry(part.to_string()).or_default() += 1;
        self.start(part)
    }

    fn start(&self, part: &Part) -> Result<(), String> {
        let begin = Instant::now();
        loop {
            match self.stack.start(self.wanted, part) {
                Ok(_) => return Ok(()),
                Err(error) if begin.elapsed() > START_WITHIN => return Err(error),
                Err(error) => println!("{part} did not start: {}", error.lines().next().unwrap_or_default()),
            }
            std::thread::sleep(Duration::from_millis(500));
        }
    }

    /// Takes parts in hand, unless somebody has one of them, or one that is bound to it.
    fn try_take(&self, parts: &[Part]) -> bool {
        let mut taken = lock(&self.taken);
        let free = are_free(&taken, parts);
        if free {
            taken.extend(parts.iter().cloned());
        }
        free
    }

    fn free(&self, parts: &[Part]) {
        lock(&self.taken).retain(|part| !parts.contains(part));
    }
}

fn are_free(taken: &BTreeSet<Part>, parts: &[Part]) -> bool {
    parts.iter().all(|part| taken.iter().all(|other| part != other && !are_bound(part, other)))
}

/// Whether two parts must not be harmed by two lanes at once.
fn are_bound(one: &Part, other: &Part) -> bool {
    match (one, other) {
        // A majority of the nodes has to be there, where there are several: one that the others do not hear is not.
        (Part::Node(_), Part::Node(_)) => true,
        // An agent that starts without its node, or the broker, waits for ever or ends, after minutes.
        (Part::Agent(agent), Part::Node(node)) | (Part::Node(node), Part::Agent(agent)) => agent == node,
        (Part::Agent(_), Part::Broker) | (Part::Broker, Part::Agent(_)) => true,
        _ => false,
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_node_at_a_time_and_no_agent_without_its_node_and_broker() {
        let taken = BTreeSet::from([Part::Node(1)]);
        assert!(!are_free(&taken, &[Part::Node(2)]));
        assert!(!are_free(&taken, &[Part::Agent(1), Part::Broker]));
        assert!(are_free(&taken, &[Part::Agent(2), Part::Broker]));
        assert!(are_free(&taken, &[Part::Postgres]));
        assert!(!are_free(&BTreeSet::from([Part::Broker]), &[Part::Agent(2)]));
    }
}
