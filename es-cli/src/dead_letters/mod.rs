//! `cargo es dead-letters`: records that no decoder understood.

use es_core::repository::DeadLetter;

use crate::{
    Outcome,
    text::one_line,
    views::{self, Place, ViewsError},
};

/// Where each came from and why it was refused, and under that the record.
pub(crate) fn list(place: Place, name: &str, limit: usize) -> Result<Outcome, ViewsError> {
    let inspector = views::open(place)?;
    let found = views::wait(inspector.dead_letters(name, limit))?;
    if found.is_empty() {
        return Ok(Outcome { text: format!("`{name}` has no dead letters"), good: true });
    }
    let mut text = String::new();
    for DeadLetter { partition, offset, bytes, reason } in &found {
        let head = format!("{} {offset}: {}", one_line(partition), one_line(reason));
        text.push_str(&format!("{head}\n    {}\n", shown(bytes)));
    }
    if found.len() == limit {
        text.push_str("There may be more: see `--limit`.");
    }
    Ok(Outcome { text, good: true })
}

/// As text, if it is that.
fn shown(record: &[u8]) -> String {
    match std::str::from_utf8(record) {
        Ok(text) => one_line(text),
        Err(_) => {
            let hex: String = record.iter().map(|byte| format!("{byte:02x}")).collect();
            format!("0x{hex}")
        }
    }
}
