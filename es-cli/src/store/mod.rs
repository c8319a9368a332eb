//! `cargo es store`: what an event store needs from those who run its database.

#[cfg(feature = "cassandra")]
use es_cassandra::{CassandraEventStore, ConnectError, Replication};

use crate::Outcome;

/// The statements cannot be printed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum StoreError {
    #[cfg(not(feature = "cassandra"))]
    #[error(
        "`store ddl` needs more than this cargo-es was built with: install es-cli with `--features cassandra`"
    )]
    NeedsFeature,
    #[cfg(feature = "cassandra")]
    #[error("`--datacenter {0}`: write its name and how many replicas it has, such as `dc1=3`")]
    BadDatacenter(String),
    #[cfg(feature = "cassandra")]
    #[error(transparent)]
    Name(#[from] ConnectError),
}

/// What the tables are for, and where they go.
#[cfg_attr(not(feature = "cassandra"), allow(dead_code, reason = "only Cassandra's need statements"))]
pub(crate) struct Wanted {
    pub(crate) keyspace: String,
    pub(crate) categories: Vec<String>,
    /// Projections whose views are kept there.
    pub(crate) views: Vec<String>,
    /// `name=replicas`.
    pub(crate) datacenters: Vec<String>,
    /// Without regard to datacenters, where none is named.
    pub(crate) replicas: u8,
}

/// What creates the keyspace and its tables, for whoever may.
#[cfg(feature = "cassandra")]
pub(crate) fn ddl(wanted: &Wanted) -> Result<Outcome, StoreError> {
    let replication = replication(wanted)?;
    let mut builder = CassandraEventStore::builder([""; 0]).keyspace(&wanted.keyspace);
    for category in &wanted.categories {
        builder = builder.category(category);
    }
    // They go into the statements as they are.
    builder.check_names()?;
    let mut text = String::new();
    if !wanted.categories.is_empty() {
        text = builder.ddl(&replication);
    }
    if !wanted.views.is_empty() {
        let views = builder.views_ddl(&wanted.views, &replication)?;
        // The keyspace once.
        let rest = views.split_once(";\n").map_or("", |(_, rest)| rest);
        text.push_str(if text.is_empty() { &views } else { rest });
    }
    Ok(Outcome { text, good: true })
}

#[cfg(not(feature = "cassandra"))]
pub(crate) fn ddl(_: &Wanted) -> Result<Outcome, StoreError> {
    Err(StoreError::NeedsFeature)
}

#[cfg(feature = "cassandra")]
fn replication(wanted: &Wanted) -> Result<Replication, StoreError> {
    if wanted.datacenters.is_empty() {
        return Ok(Replication::Simple(wanted.replicas));
    }
    let each = wanted.datacenters.iter().map(|text| {
        let pair = text.split_once('=').and_then(|(name, count)| {
            let count: u8 = count.parse().ok().filter(|count| *count > 0)?;
            (!name.is_empty()).then(|| (name.to_owned(), count))
        });
        pair.ok_or_else(|| StoreError::BadDatacenter(text.clone()))
    });
    Ok(Replication::Datacenters(each.collect::<Result<_, _>>()?))
}
