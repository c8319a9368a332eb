//! The database of views.

use es_sql::inspect::Projection;
use event_sourcing::config::Config;

use super::Findings;
use crate::{
    text::count,
    views::{self, ViewsError},
};

const PART: &str = "views";

pub(super) async fn look(config: &Config, findings: &mut Findings) {
    let Some(kind) = config.get("views.kind") else {
        return findings.fine(PART, "none: `views.kind` is not set, which a projection would need");
    };
    match kind.as_str() {
        "memory" => findings.fine(PART, "memory: made anew at each start"),
        "cassandra" => cassandra(config, findings).await,
        _ => match projections(config).await {
            Ok((place, found)) => {
                let number = count(found.len() as u64, "projection");
                findings.fine(PART, format!("{kind}, {place}: {number}"));
                found.iter().for_each(|projection| troubles(projection, findings));
            }
            Err(error) => findings.wrong(PART, format!("{kind}, {error}")),
        },
    }
}

async fn projections(config: &Config) -> Result<(String, Vec<Projection>), ViewsError> {
    let inspector = views::of(config)?;
    // A file answers, or says why not; a server may do neither.
    #[cfg(feature = "postgres")]
    let found = super::within(inspector.projections()).await.map_err(|late| {
        ViewsError::Late(format!(
            "{late}; where aggregates are too many to be counted in that time, see `cargo es projection list`"
        ))
    })??;
    #[cfg(not(feature = "postgres"))]
    let found = inspector.projections().await?;
    Ok((inspector.place(), found))
}

/// What somebody has to do something about.
fn troubles(projection: &Projection, findings: &mut Findings) {
    let Projection { name, serving, .. } = projection;
    if serving.parked > 0 {
        let parked = count(serving.parked, "parked aggregate");
        findings.warn(PART, format!("`{name}` has {parked}: `cargo es projection parked {name}` says why"));
    }
    if serving.dead_letters > 0 {
        let letters = count(serving.dead_letters, "dead letter");
        findings.warn(PART, format!("`{name}` has {letters}: see `cargo es dead-letters list {name}`"));
    }
}

#[cfg(not(feature = "cassandra"))]
async fn cassandra(_: &Config, findings: &mut Findings) {
    findings.lacks(PART, "views.kind = \"cassandra\"", "cassandra");
}

#[cfg(feature = "cassandra")]
async fn cassandra(config: &Config, findings: &mut Findings) {
    let builder = match config.cassandra_builder() {
        Ok(Some(builder)) => builder,
        Ok(None) => return,
        Err(error) => return findings.unusable(PART, error),
    };
    let keyspace = config.get("views.cassandra.keyspace").unwrap_or_default();
    let opened = builder.create_nothing().keyspace(&keyspace).repository();
    match super::within(opened).await {
        Ok(Ok(_)) => findings.fine(PART, format!("cassandra, keyspace {keyspace}: answers")),
        Ok(Err(error)) => {
            let why = super::store::refusal(&error).replace("store ddl", "store ddl --views NAME");
            findings.wrong(PART, format!("cassandra, {why}"));
        }
        Err(late) => findings.wrong(PART, format!("cassandra, {late}")),
    }
}
