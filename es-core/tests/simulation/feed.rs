//! What agents have captured, in partitions, and the groups that share them.

use std::{
    collections::{BTreeMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard},
    time::Duration,
};

use es_core::{
    feed::{FeedEvent, FeedPayload, FeedRecord, Partition},
    store::Commit,
};
use tokio::{sync::Notify, time::sleep};

use super::{bank::number, host::Host, world::World};

#[derive(Default)]
struct Part {
    /// The first record that is still there.
    first: i64,
    records: Vec<FeedPayload>,
}

impl Part {
    fn end(&self) -> i64 {
        i64::try_from(self.records.len()).unwrap()
    }
}

/// A subscription, as the group sees it.
struct Member {
    host: Arc<Host>,
    /// What it has not been told yet.
    news: VecDeque<FeedEvent>,
    /// Where it goes on in the partitions that it believes are its own.
    positions: BTreeMap<usize, i64>,
    /// Whether it gets records although it has not been told that their partition is another's.
    is_late: bool,
}

impl Member {
    fn take_news(&mut self) -> Option<FeedEvent> {
        let news = self.news.pop_front();
        if let Some(FeedEvent::Revoked(revoked)) = &news {
            self.positions.retain(|at, _| !revoked.contains(&partition(*at)));
        }
        news
    }
}

#[derive(Default)]
struct Group {
    members: BTreeMap<u64, Member>,
    owners: BTreeMap<usize, u64>,
    turn: usize,
}

#[derive(Default)]
struct Inner {
    parts: Vec<Part>,
    groups: BTreeMap<String, Group>,
    /// All that was captured.
    captured: Vec<Arc<Commit>>,
    next_member: u64,
}

/// What a seek comes to.
pub enum Sought {
    There,
    Gone,
}

pub struct Log {
    inner: Mutex<Inner>,
    pub arrived: Notify,
}

impl Log {
    pub fn new(partitions: u64) -> Self {
        let parts = (0..partitions).map(|_| Part::default()).collect();
        Self { inner: Mutex::new(Inner { parts, ..Inner::default() }), arrived: Notify::new() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Agents bring a stored commit: each at its own pace, if at all.
    pub fn capture(world: &Arc<World>, commit: &Arc<Commit>) {
        world.log.lock().captured.push(commit.clone());
        let lossy = !world.plan.complete || world.has(super::plant::Plant::LossyFeed);
        for _ in 0..world.plan.copies {
            if !lossy || !world.draw(|dice| dice.in_thousand(world.plan.lost)) {
                Self::bring(world, commit.clone());
            }
        }
    }

    fn bring(world: &Arc<World>, commit: Arc<Commit>) {
        let late = world.draw(|dice| dice.one_of(&[1, 30, 30, 700]));
        let late = Duration::from_millis(world.draw(|dice| dice.below(late)));
        let world = world.clone();
        tokio::spawn(async move {
            sleep(late).await;
            let whom = number(&commit.stream);
            let at = if world.plan.scattered { world.draw(|dice| dice.next()) } else { whom };
            let at = usize::try_from(at % world.plan.partitions).unwrap();
            world.note(0, "captured", whom, commit.sequence);
            let hint = world.draw(|dice| dice.in_thousand(world.plan.hints));
            let payload = match hint {
                true => FeedPayload::Hint { stream: commit.stream.clone(), sequence: commit.sequence },
                false => FeedPayload::Commit(commit),
            };
            world.log.lock().parts[at].records.push(payload);
            if world.draw(|dice| dice.in_thousand(100)) {
                world.log.lock().parts[at].records.push(FeedPayload::Other);
            }
            world.log.arrived.notify_waiters();
        });
    }

    /// Agents begin again where they were some time ago.
    pub fn replay(world: &Arc<World>) {
        world.note(0, "replays", 0, 0);
        let captured = world.log.lock().captured.clone();
        let from = world.draw(|dice| dice.below(captured.len() as u64 + 1));
        let from = usize::try_from(from).unwrap();
        captured[from..].iter().for_each(|commit| Self::bring(world, commit.clone()));
    }

    /// Old records are removed.
    pub fn truncate(&self, world: &World) {
        let mut inner = self.lock();
        for (at, part) in inner.parts.iter_mut().enumerate() {
            part.first +=
                world.draw(|dice| dice.below((part.end() - part.first + 1).unsigned_abs())).cast_signed();
            world.note(0, "truncated", at as u64, part.first.unsigned_abs());
        }
    }

    pub fn join(&self, name: &str, host: &Arc<Host>) -> u64 {
        let is_late = host.world.draw(|dice| dice.in_thousand(300));
        let mut inner = self.lock();
        inner.next_member += 1;
        let id = inner.next_member;
        let (news, positions) = (VecDeque::new(), BTreeMap::new());
        let member = Member { host: host.clone(), news, positions, is_late };
        inner.groups.entry(name.to_owned()).or_default().members.insert(id, member);
        inner.rebalance(name);
        drop(inner);
        self.arrived.notify_waiters();
        id
    }

    pub fn leave(&self, name: &str, id: u64) {
        let mut inner = self.lock();
        let Some(group) = inner.groups.get_mut(name) else { return };
        if group.members.remove(&id).is_some() {
            inner.rebalance(name);
            drop(inner);
            self.arrived.notify_waiters();
        }
    }

    /// Partitions move, away from processes that are dead or stand still.
    pub fn rebalance(&self) {
        let mut inner = self.lock();
        for group in inner.groups.values_mut() {
            group.members.retain(|_, member| !member.host.is_dead());
        }
        let names: Vec<_> = inner.groups.keys().cloned().collect();
        names.iter().for_each(|name| inner.rebalance(name));
        drop(inner);
        self.arrived.notify_waiters();
    }

    /// What member `id` is to know next, if there is something.
    pub fn next(&self, name: &str, id: u64, world: &World) -> Option<FeedEvent> {
        let mut inner = self.lock();
        let Inner { parts, groups, .. } = &mut *inner;
        let member = groups.get_mut(name)?.members.get_mut(&id)?;
        let dallies = member.is_late && world.draw(|dice| dice.in_thousand(700));
        if !dallies && let Some(news) = member.take_news() {
            return Some(news);
        }
        let mut records = Vec::new();
        for (at, position) in &mut member.positions {
            let part = &parts[*at];
            let from = (*position).max(part.first);
            let most = part.end().min(from + world.draw(|dice| dice.one_of(&[1, 2, 100])));
            for offset in from..most {
                let payload = part.records[usize::try_from(offset).unwrap()].clone();
                records.push(FeedRecord { partition: partition(*at), offset, payload });
            }
            *position = most.max(from);
        }
        if records.is_empty() { member.take_news() } else { Some(FeedEvent::Records(records)) }
    }

    pub fn seek(&self, name: &str, id: u64, to: &Partition, after: Option<i64>) -> Sought {
        let mut inner = self.lock();
        let Inner { parts, groups, .. } = &mut *inner;
        let part = &parts[place(to)];
        let position = after.map_or(part.first, |after| after + 1);
        if position < part.first {
            return Sought::Gone;
        }
        if let Some(member) = groups.get_mut(name).and_then(|group| group.members.get_mut(&id)) {
            member.positions.insert(place(to), position);
        }
        Sought::There
    }
}

impl Inner {
    /// Deals the partitions of a group out anew.
    fn rebalance(&mut self, name: &str) {
        let Some(group) = self.groups.get_mut(name) else { return };
        group.turn += 1;
        let awake = group.members.iter().filter(|(_, member)| !member.host.is_frozen());
        let mut heirs: Vec<u64> = awake.map(|(id, _)| *id).collect();
        if heirs.is_empty() {
            heirs = group.members.keys().copied().collect();
        }
        for at in 0..self.parts.len() {
            let heir = match heirs.len() {
                0 => None,
                count => Some(heirs[(at + group.turn) % count]),
            };
            let owner = group.owners.get(&at).copied();
            if owner == heir {
                continue;
            }
            if let Some(member) = owner.and_then(|owner| group.members.get_mut(&owner)) {
                member.news.push_back(FeedEvent::Revoked(vec![partition(at)]));
            }
            group.owners.remove(&at);
            if let Some(heir) = heir {
                group.owners.insert(at, heir);
                let member = group.members.get_mut(&heir).unwrap();
                member.news.push_back(FeedEvent::Assigned(vec![partition(at)]));
            }
        }
    }
}

fn partition(at: usize) -> Partition {
    at.to_string().into()
}

fn place(partition: &Partition) -> usize {
    partition.parse().unwrap()
}
