//! One writer at a time per database file, in this process.
//!
//! SQLite lets one connection write at a time and makes the others poll, in pauses of up to 100 ms and
//! without fairness. Writers of one process queue here instead, first come, first served. Other processes
//! are still met by polling.

use std::{
    collections::HashMap,
    path::{Path, PathBuf},
    sync::{Arc, LazyLock, PoisonError, Weak},
};
use tokio::sync::{Mutex, OwnedMutexGuard};

type Gates = std::sync::Mutex<HashMap<PathBuf, Weak<Mutex<()>>>>;

static GATES: LazyLock<Gates> = LazyLock::new(Gates::default);

/// The gate of one file; clones are the same gate.
#[derive(Clone, Debug)]
pub(crate) struct Gate(Arc<Mutex<()>>);

impl Gate {
    /// The gate of the database `file`, which must exist.
    pub(crate) fn of(file: &Path) -> Self {
        let file = file.canonicalize().unwrap_or_else(|_| file.to_owned());
        let mut gates = GATES.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(gate) = gates.get(&file).and_then(Weak::upgrade) {
            return Self(gate);
        }
        gates.retain(|_, gate| gate.strong_count() > 0);
        let gate = Arc::default();
        gates.insert(file, Arc::downgrade(&gate));
        Self(gate)
    }

    /// Waits for the turn to write; it ends when the guard is dropped.
    pub(crate) async fn enter(&self) -> OwnedMutexGuard<()> {
        self.0.clone().lock_owned().await
    }
}
