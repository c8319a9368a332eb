//! The event store on Cassandra.

use es_cassandra::{Builder, CassandraEventStore, Replication};

use super::{ConfigError, Values, missing, need, unfit};

pub(super) fn store(values: &Values) -> Result<Builder, ConfigError> {
    let hosts = values.list("store.cassandra.hosts").ok_or_else(|| missing("store.cassandra.hosts"))?;
    let mut builder = CassandraEventStore::builder(hosts).keyspace(need(values, "store.cassandra.keyspace")?);
    for category in values.list("store.cassandra.categories").unwrap_or_default() {
        builder = builder.category(category);
    }
    if let Some(replication) = replication(values)? {
        builder = builder.create_if_missing(replication);
    }
    match (values.text("store.cassandra.user"), values.text("store.cassandra.password")) {
        (Some(user), Some(password)) => builder = builder.user(user, password),
        (Some(_), None) => return Err(missing("store.cassandra.password")),
        (None, Some(_)) => return Err(missing("store.cassandra.user")),
        (None, None) => {}
    }
    if let Some(file) = values.text("store.cassandra.tls_ca") {
        builder = encrypt(builder, &file)?;
    }
    if let Some(events) = values.count("store.cassandra.bucket_size") {
        builder = builder.bucket_size(events);
    }
    if let Some(timeout) = values.duration("store.cassandra.request_timeout") {
        builder = builder.request_timeout(timeout);
    }
    if let Some(budget) = values.duration("store.cassandra.settle_within") {
        builder = builder.settle_within(budget);
    }
    Ok(builder)
}

fn replication(values: &Values) -> Result<Option<Replication>, ConfigError> {
    let replicas = values.count("store.cassandra.create.replicas").and_then(|count| u8::try_from(count).ok());
    let datacenters = values.named("store.cassandra.create.datacenters");
    match (replicas, datacenters) {
        (None, None) => Ok(None),
        (Some(replicas), None) => Ok(Some(Replication::Simple(replicas))),
        (None, Some(named)) => {
            let counted = named.into_iter().filter_map(|(name, count)| Some((name, count.parse().ok()?)));
            Ok(Some(Replication::Datacenters(counted.collect())))
        }
        (Some(_), Some(_)) => {
            let reason = "give either `replicas`, for one datacenter, or `datacenters`";
            Err(unfit("store.cassandra.create", reason))
        }
    }
}

#[cfg(feature = "cassandra-rustls")]
fn encrypt(builder: Builder, file: &str) -> Result<Builder, ConfigError> {
    let tls = es_cassandra::Tls::trusting(file);
    Ok(builder.tls(tls.map_err(|error| unfit("store.cassandra.tls_ca", error.to_string()))?))
}

#[cfg(not(feature = "cassandra-rustls"))]
fn encrypt(_: Builder, _: &str) -> Result<Builder, ConfigError> {
    Err(super::without("store.cassandra.tls_ca", "cassandra-rustls"))
}
