//! Reads the evidence: streams from the event store, rows and checkpoints from the views' database.

use std::{collections::BTreeMap, sync::Arc};

use event_sourcing::{
    cassandra::CassandraEventStore,
    event::EventSet,
    prelude::*,
    projection::{Projection, ViewProjection, style},
    repository::{Checkpoint, Repository},
    store::{Commit, EventStore, StreamId, Version},
};

use super::{Rows, StoredCommand, StoredCommit, Streams};
use crate::{
    Failure,
    bank::{AccountEvent, CATEGORY},
    place::Place,
    views::{Ledgers, Totals, Transfers},
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

    async fn heads(&self) -> Result<Vec<(StreamId, Version)>, Failure> {
        let mut heads = Vec::new();
        let mut after = None;
        loop {
            let page = self.store.heads(CATEGORY, after.as_deref(), PAGE).await?;
            heads.extend(page.heads);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(heads),
            }
        }
    }

    pub(super) async fn streams(&self) -> Result<Streams, Failure> {
        let mut streams = Streams::new();
        for (stream, _) in self.heads().await? {
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
        let heads = self.heads().await?;
        let streams: Vec<_> = heads.iter().map(|(stream, _)| stream.clone()).collect();
        let mut behind = Vec::new();
        let mut compare = |projection: &str, checkpoints: Vec<Checkpoint>| {
            for ((stream, head), at) in heads.iter().zip(checkpoints) {
                if (at.applied, at.commit_id) != (head.last_sequence(), head.commit_id()) {
                    let (applied, head) = (at.applied, head.last_sequence());
                    let parked = at.parked.map(|parked| format!(", set aside: {}", parked.error));
                    let parked = parked.unwrap_or_default();
                    behind.push(format!("{projection} is at {applied} of {head} of {stream}{parked}"));
                }
            }
        };
        compare(Ledgers::NAME, Repository::<Ledgers>::checkpoints(&self.views, &streams).await?);
        compare(Totals::NAME, Repository::<Totals>::checkpoints(&self.views, &streams).await?);
        compare(Transfers::NAME, Repository::<Transfers>::checkpoints(&self.views, &streams).await?);
        Ok(behind)
    }
}

fn open(commit: &Arc<Commit>) -> Result<StoredCommit, Failure> {
    let mut events = Vec::new();
    for raw in commit.raw_events()? {
        events.push(AccountEvent::decode(raw.name, raw.version, commit.codec, raw.payload)?);
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
