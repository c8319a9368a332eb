//! Events as a store would keep them.

use serde_json::Value;

use crate::event::{Codec, EventSet};

/// The event as it comes back from a store, or why it would not.
pub(super) fn read_back<E: EventSet>(event: &E) -> Result<E, String> {
    let name = event.name();
    let written = json(event)?;
    let mut latest = None;
    for codec in [Codec::Json, Codec::Bincode] {
        let mut bytes = Vec::new();
        event.encode(codec, &mut bytes).map_err(|e| format!("event `{name}` could not be stored: {e}"))?;
        let back = E::decode(name, event.version(), codec, &bytes)
            .map_err(|e| format!("event `{name}` could be stored, but never read again: {e}"))?;
        let read = json(&back)?;
        if read != written {
            return Err(format!(
                "event `{name}` comes back from {codec} as something else: {written} became {read}"
            ));
        }
        latest = Some(back);
    }
    latest.ok_or_else(|| format!("event `{name}` was tried with no codec"))
}

/// The event's name and fields on one line.
pub(super) fn line<E: EventSet>(event: &E) -> Result<String, String> {
    let version = if event.version() == 1 { String::new() } else { format!(" v{}", event.version()) };
    Ok(format!("{}{version} {}", event.name(), json(event)?))
}

/// As a value, not as text: the order of a map's keys means nothing.
fn json<E: EventSet>(event: &E) -> Result<Value, String> {
    let broken = |e: &dyn std::fmt::Display| format!("event `{}` could not be stored: {e}", event.name());
    let mut bytes = Vec::new();
    event.encode(Codec::Json, &mut bytes).map_err(|e| broken(&e))?;
    serde_json::from_slice(&bytes).map_err(|e| broken(&e))
}

/// What was expected and what came, line by line, with what they share at both ends; `None` if they are equal.
pub(super) fn difference(expected: &[String], got: &[String]) -> Option<String> {
    if expected == got {
        return None;
    }
    let same =
        |pairs: &mut dyn Iterator<Item = (&String, &String)>| pairs.take_while(|(e, g)| e == g).count();
    let head = same(&mut expected.iter().zip(got));
    let tail = same(&mut expected[head..].iter().rev().zip(got[head..].iter().rev()));
    let mut out = String::from("(- expected, + got)\n");
    let parts = [
        ("  ", &expected[..head]),
        ("- ", &expected[head..expected.len() - tail]),
        ("+ ", &got[head..got.len() - tail]),
        ("  ", &expected[expected.len() - tail..]),
    ];
    for (mark, lines) in parts {
        for line in lines {
            out.extend(["  ", mark, line, "\n"]);
        }
    }
    Some(out)
}
