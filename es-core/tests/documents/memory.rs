//! A repository of documents in memory, with a database's bad days.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};

use es_core::{
    feed::Offset,
    repository::{Checkpoint, DeadLetter, Document, DocumentRepository, RepositoryError},
};

#[derive(Default)]
struct Space {
    documents: BTreeMap<String, Document>,
    offsets: BTreeMap<String, i64>,
    letters: BTreeMap<(String, i64), DeadLetter>,
}

/// What a database does wrong.
#[derive(Clone, Copy)]
pub struct Faults {
    /// Every so many replacements fail before they are done; 0 for none.
    pub refuses: usize,
    /// Every so many are done, and the answer is lost; 0 for none.
    pub forgets: usize,
    pub longest: usize,
}

impl Default for Faults {
    fn default() -> Self {
        Self { refuses: 0, forgets: 0, longest: usize::MAX }
    }
}

/// Clones share their content.
#[derive(Clone, Default)]
pub struct Documents {
    spaces: Arc<Mutex<BTreeMap<&'static str, Space>>>,
    replaced: Arc<AtomicUsize>,
    faults: Faults,
}

impl Documents {
    pub fn with(faults: Faults) -> Self {
        Self { faults, ..Self::default() }
    }

    async fn within<T>(&self, projection: &'static str, run: impl FnOnce(&mut Space) -> T) -> T {
        // A real database answers later, and not in the order of the questions.
        tokio::task::yield_now().await;
        let mut spaces: MutexGuard<'_, _> = self.spaces.lock().unwrap_or_else(PoisonError::into_inner);
        run(spaces.entry(projection).or_default())
    }
}

fn down() -> RepositoryError {
    RepositoryError::Unavailable("the database is down".into())
}

impl DocumentRepository for Documents {
    fn longest_view(&self) -> usize {
        self.faults.longest
    }

    async fn make_ready(&self, _: &'static str) -> Result<(), RepositoryError> {
        Ok(())
    }

    async fn load(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> Result<Vec<Option<Document>>, RepositoryError> {
        let load = |space: &mut Space| keys.iter().map(|key| space.documents.get(*key).cloned()).collect();
        Ok(self.within(projection, load).await)
    }

    async fn replace(
        &self,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> Result<bool, RepositoryError> {
        let number = self.replaced.fetch_add(1, Ordering::SeqCst) + 1;
        let due = |every: usize| every > 0 && number.is_multiple_of(every);
        if due(self.faults.refuses) {
            return Err(down());
        }
        let replace = |space: &mut Space| {
            let at = space.documents.get(key).map(|document| &document.checkpoint);
            if at.map(|at| (at.applied, at.parked.is_some()))
                != expected.map(|at| (at.applied, at.parked.is_some()))
            {
                return false;
            }
            space.documents.insert(key.to_owned(), document.clone());
            true
        };
        let done = self.within(projection, replace).await;
        if due(self.faults.forgets) { Err(down()) } else { Ok(done) }
    }

    async fn scan(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Document)>, RepositoryError> {
        let scan = |space: &mut Space| {
            let rest =
                space.documents.iter().filter(|(key, _)| after.is_none_or(|after| key.as_str() > after));
            rest.take(limit).map(|(key, document)| (key.clone(), document.clone())).collect()
        };
        Ok(self.within(projection, scan).await)
    }

    async fn scan_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<(String, Checkpoint)>, RepositoryError> {
        let scan = |space: &mut Space| {
            let parked = space.documents.iter().filter(|(_, document)| document.checkpoint.parked.is_some());
            parked.take(limit).map(|(key, document)| (key.clone(), document.checkpoint.clone())).collect()
        };
        Ok(self.within(projection, scan).await)
    }

    async fn save_offsets(
        &self,
        projection: &'static str,
        offsets: &[Offset],
    ) -> Result<(), RepositoryError> {
        let save = |space: &mut Space| {
            for Offset { partition, offset } in offsets {
                let saved = space.offsets.entry(partition.to_string()).or_insert(*offset);
                *saved = (*saved).max(*offset);
            }
        };
        self.within(projection, save).await;
        Ok(())
    }

    async fn load_offsets(&self, projection: &'static str) -> Result<Vec<Offset>, RepositoryError> {
        let load = |space: &mut Space| {
            let saved = space.offsets.iter();
            saved
                .map(|(partition, offset)| Offset { partition: partition.as_str().into(), offset: *offset })
                .collect()
        };
        Ok(self.within(projection, load).await)
    }

    async fn save_dead_letters(
        &self,
        projection: &'static str,
        letters: &[DeadLetter],
    ) -> Result<(), RepositoryError> {
        let save = |space: &mut Space| {
            for letter in letters {
                space.letters.insert((letter.partition.to_string(), letter.offset), letter.clone());
            }
        };
        self.within(projection, save).await;
        Ok(())
    }

    async fn load_dead_letters(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, RepositoryError> {
        let load = |space: &mut Space| space.letters.values().take(limit).cloned().collect();
        Ok(self.within(projection, load).await)
    }
}
