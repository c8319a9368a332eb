//! Reads the evidence: streams from the event store, rows and checkpoints from the views' database.

use std::{collections::BTreeMap, sync::Arc};

use event_sourcing::{
    cassandra::CassandraEventStore,
    event::EventSet,
    prelude::*,
    projection::{ViewProjection, style},
    repository::{Checkpoint, Repository},
    store::{Commit, EventStore, StreamId, Version},
};

use super::{Rows, StoredCommand, StoredCommit, Streams};
use crate::{
    Failure,
    bank::{self, AccountEvent},
    event::Event,
    fleet::{self, AircraftEvent},
    place::Place,
    views::{ByCarrier, Ledgers, Totals, Transfers},
};

const PAGE: usize = 500;

/// Reads only, with connections of its own and nothing in between.
pub(super) struct Witness {
    store: CassandraEventStore,
    views: PostgresRepository,
}

impl Witness {
    pub(super) async fn new(place: &Place) -> Result<Self, Failure> {
        Ok(Self { store: place.store().await?, views: place.views().await? })
    }

    async fn heads(&self, category: &str) -> Result<Vec<(StreamId, Version)>, Failure> {
        let mut heads = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.heads(category, after.as_deref(), PAGE).await?;
            heads.extend(page.heads);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(heads),
            }
        }
    }

    pub(super) async fn streams(&self) -> Result<Streams, Failure> {
        let mut streams = Streams::new();
        let all = [self.heads(bank::CATEGORY).await?, self.heads(fleet::CATEGORY).await?].concat();
        for (stream, _) in all {
            let mut commits = Vec::new();
            let mut from = 1;
            loop {
                let page = self.store.read(&stream, from, PAGE).await?;
                for commit in &page.commits {
                    commits.push(open(commit)?);
                    from = commit.last_sequence + 1;
                }
                if !page.more {
                    break;
                }
            }
            streams.insert(stream.id.to_string(), commits);
        }
        Ok(streams)
    }

    pub(super) async fn rows(&self) -> Result<Rows, Failure> {
        Ok(Rows {
            ledgers: self.all::<Ledgers>().await?,
            totals: self.all::<Totals>().await?,
            transfers: self.all::<Transfers>().await?,
            traffic: self.all::<ByCarrier>().await?,
        })
    }

    async fn all<P>(&self) -> Result<BTreeMap<String, P::View>, Failure>
    where
        P: ViewProjection<Style = style::View>,
        P::View: serde::de::DeserializeOwned,
    {
        let mut rows = BTreeMap::new();
        let mut after: Option<String> = None;
        loop {
            let page = Repository::<P>::list(&self.views, after.as_deref(), PAGE).await?;
            let Some((last, _)) = page.last() else { return Ok(rows) };
            after = Some(last.clone());
            for (key, bytes) in page {
                rows.insert(key, serde_json::from_slice(&bytes)?);
            }
        }
    }

    /// How many checkpoints are not where their stream ends: a line for each.
    pub(super) async fn behind(&self) -> Result<Vec<String>, Failure> {
        let mut behind = self.behind_of::<Ledgers>(bank::CATEGORY).await?;
        behind.extend(self.behind_of::<Totals>(bank::CATEGORY).await?);
        behind.extend(self.behind_of::<Transfers>(bank::CATEGORY).await?);
        behind.extend(self.behind_of::<ByCarrier>(fleet::CATEGORY).await?);
        Ok(behind)
    }

    async fn behind_of<P>(&self, category: &str) -> Result<Vec<String>, Failure>
    where
        P: ViewProjection<Style = style::View>,
    {
        let heads = self.heads(category).await?;
        let streams: Vec<_> = heads.iter().map(|(stream, _)| stream.clone()).collect();
        let checkpoints: Vec<Checkpoint> = Repository::<P>::checkpoints(&self.views, &streams).await?;
        let mut behind = Vec::new();
        for ((stream, head), at) in heads.iter().zip(checkpoints) {
            if (at.applied, at.commit_id) != (head.last_sequence(), head.commit_id()) {
                let (applied, head) = (at.applied, head.last_sequence());
                let parked = at.parked.map(|parked| format!(", set aside: {}", parked.error));
                let parked = parked.unwrap_or_default();
                let projection = P::NAME;
                behind.push(format!("{projection} is at {applied} of {head} of {stream}{parked}"));
            }
        }
        Ok(behind)
    }
}

fn open(commit: &Arc<Commit>) -> Result<StoredCommit, Failure> {
    let mut events = Vec::new();
    for raw in commit.raw_events()? {
        let (name, version, codec, fields) = (raw.name, raw.version, commit.codec, raw.payload);
        events.push(match &*commit.stream.category {
            fleet::CATEGORY => Event::Aircraft(AircraftEvent::decode(name, version, codec, fields)?),
            _ => Event::Account(AccountEvent::decode(name, version, codec, fields)?),
        });
    }
    let mut events = events.into_iter();
    let mut commands = Vec::new();
    for command in commit.commands()? {
        let count = usize::try_from(command.events)?;
        commands.push(StoredCommand { id: command.id, events: events.by_ref().take(count).collect() });
    }
    let (id, parent) = (commit.id, commit.parent);
    let (sequence, last_sequence) = (commit.sequence, commit.last_sequence);
    Ok(StoredCommit { id, parent, sequence, last_sequence, commands })
}
