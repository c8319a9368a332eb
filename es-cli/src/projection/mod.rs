//! `cargo es projection`: what a database of views says about its projections.

use es_sql::inspect::{Generation, Parked, Projection};
use serde_json::json;
use std::time::SystemTime;

use crate::{
    Outcome,
    text::{one_line, table},
    views::{self, Place, ViewsError},
};

/// Only a process with the projection's handlers can apply what is set aside.
const ACT: &str =
    "To retry or skip one, call `App::retry_parked` or `App::skip_parked` in a running process.";

/// A line for each projection.
pub(crate) fn list(place: Place, as_json: bool) -> Result<Outcome, ViewsError> {
    let inspector = views::open(place)?;
    let found = views::wait(inspector.projections())?;
    let text = if as_json {
        found.iter().map(|projection| format!("{}\n", object(projection))).collect()
    } else if found.is_empty() {
        format!("{} has no projections yet", inspector.place())
    } else {
        let heads = ["PROJECTION", "GENERATION", "FILLING", "AGGREGATES", "PARKED", "DEAD LETTERS"];
        table(heads, &found.iter().map(row).collect::<Vec<_>>())
    };
    Ok(Outcome { text, good: true })
}

fn row(projection: &Projection) -> [String; 6] {
    let Projection { name, serving, filling, .. } = projection;
    let filling = filling.map_or_else(|| "-".to_owned(), |filling| filling.number.to_string());
    [
        name.clone(),
        serving.number.to_string(),
        filling,
        serving.aggregates.to_string(),
        serving.parked.to_string(),
        serving.dead_letters.to_string(),
    ]
}

fn object(projection: &Projection) -> serde_json::Value {
    let generation = |of: &Generation| {
        json!({
            "generation": of.number,
            "aggregates": of.aggregates,
            "parked": of.parked,
            "dead_letters": of.dead_letters,
        })
    };
    let mut object = generation(&projection.serving);
    object["projection"] = json!(projection.name);
    object["filling"] = json!(projection.filling.as_ref().map(generation));
    object
}

/// The aggregates that are set aside, each with its error.
pub(crate) fn parked(place: Place, name: &str, limit: usize) -> Result<Outcome, ViewsError> {
    let inspector = views::open(place)?;
    let found = views::wait(inspector.parked(name, limit))?;
    if found.is_empty() {
        return Ok(Outcome { text: format!("no aggregate of `{name}` is parked"), good: true });
    }
    let now = SystemTime::now();
    let row = |parked: &Parked| {
        let ago = now.duration_since(parked.at).unwrap_or_default().as_secs();
        let (stream, sequence) = (one_line(&parked.stream.to_string()), parked.sequence.to_string());
        [stream, sequence, since(ago), one_line(&parked.error)]
    };
    let rows: Vec<_> = found.iter().map(row).collect();
    let mut text = table(["AGGREGATE", "SEQUENCE", "FOR", "ERROR"], &rows);
    if found.len() == limit {
        text.push_str("There may be more: see `--limit`. ");
    }
    text.push_str(ACT);
    Ok(Outcome { text, good: true })
}

/// How long ago, in the largest unit that fits.
fn since(seconds: u64) -> String {
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m", seconds / 60),
        3600..86400 => format!("{}h", seconds / 3600),
        _ => format!("{}d", seconds / 86400),
    }
}
