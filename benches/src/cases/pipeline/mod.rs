//! From a topic into views, beside a bare consumer that decodes and folds the same records.

mod floor;
pub(super) mod listener;
pub(super) mod topic;

use std::rc::Rc;

use super::{Case, Section, Unit};
use crate::{Error, meter::Sample, options::Servers};
use topic::{PARTITIONS, Topic};

pub(crate) use listener::Balances;

/// Where the servers are, and the topic that all cases read.
pub(crate) struct Pipeline {
    servers: Servers,
    topic: Topic,
}

impl Pipeline {
    /// Fills a topic of its own with so many commits, as the connector would.
    pub(crate) fn new(servers: &Servers, commits: u64) -> Result<Rc<Self>, Error> {
        let topic = super::on_all_threads(Topic::filled(&servers.brokers, commits, PARTITIONS))?;
        Ok(Rc::new(Self { servers: servers.clone(), topic }))
    }

    /// Removes the topic.
    pub(crate) fn clear(&self) -> Result<(), Error> {
        super::on_all_threads(self.topic.delete())
    }
}

/// The benchmark of the way into views.
pub(crate) fn sections(pipeline: &Rc<Pipeline>) -> Vec<Section> {
    let base = "pipeline/bare";
    let (bare, memory, postgres) = (pipeline.clone(), pipeline.clone(), pipeline.clone());
    let cases = vec![
        Case::new(base, "floor: bare consumer, decodes and folds in memory", base, move |_, meter| {
            floor::run(&bare.topic, meter)
        }),
        Case::new("pipeline/memory", "listener, views in memory", base, move |_, meter| {
            // What this process has in memory is not this case's alone.
            Ok(Sample { memory: None, ..listener::in_memory(&memory.topic, meter)? })
        }),
        Case::new("pipeline/postgres", "listener, views in PostgreSQL", base, move |_, meter| {
            let sample = listener::in_postgres(&postgres.topic, &postgres.servers.postgres, meter)?;
            Ok(Sample { memory: None, ..sample })
        }),
    ];
    vec![Section { title: "Kafka: commits of one event each, into views", unit: Unit::PerSecond, cases }]
}
