use std::{
    collections::{BTreeMap, HashMap},
    sync::{Arc, Mutex},
};

use event_sourcing::{
    feed::{Offset, Partition},
    repository::{Checkpoint, DeadLetter, Document, DocumentRepository, RepositoryError},
};

#[derive(Default)]
struct Collections {
    documents: BTreeMap<String, Document>,
    offsets: BTreeMap<Partition, i64>,
    letters: BTreeMap<(Partition, i64), DeadLetter>,
}

/// The database. Clones are connections to it.
#[derive(Clone, Default)]
pub struct Shelf(Arc<Mutex<HashMap<&'static str, Collections>>>);

impl Shelf {
    /// One request, which concerns one document, or one of the other collections.
    async fn ask<T>(&self, projection: &'static str, request: impl FnOnce(&mut Collections) -> T) -> T {
        tokio::task::yield_now().await;
        request(self.0.lock().unwrap_or_else(|e| e.into_inner()).entry(projection).or_default())
    }
}

impl DocumentRepository for Shelf {
    fn longest_view(&self) -> usize {
        1 << 20
    }

    async fn make_ready(&self, _: &'static str) -> Result<(), RepositoryError> {
        Ok(()) // creates what is missing
    }

    async fn load(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> Result<Vec<Option<Document>>, RepositoryError> {
        let load = |c: &mut Collections| keys.iter().map(|key| c.documents.get(*key).cloned()).collect();
        Ok(self.ask(projection, load).await)
    }

    /// The fence: compares and writes in one step, `UPDATE .. IF applied = ? AND parked = ?`.
    async fn replace(
        &self,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> Result<bool, RepositoryError> {
        let place = |checkpoint: &Checkpoint| (checkpoint.applied, checkpoint.parked.is_some());
        let replace = |c: &mut Collections| {
            let fits = c.documents.get(key).map(|found| place(&found.checkpoint)) == expected.map(place);
            if fits {
                c.documents.insert(key.to_owned(), document.clone());
            }
            fits
        };
        Ok(self.ask(projection, replace).await)
    }

    async fn scan(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, Document)>, RepositoryError> {
        let rest = |(key, _): &(&String, &Document)| after.is_none_or(|after| key.as_str() > after);
        let pair = |(key, document): (&String, &Document)| (key.clone(), document.clone());
        let scan = |c: &mut Collections| c.documents.iter().filter(rest).take(limit).map(pair).collect();
        Ok(self.ask(projection, scan).await)
    }

    async fn scan_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<(String, Checkpoint)>, RepositoryError> {
        let found = self.scan(projection, None, usize::MAX).await?.into_iter();
        let checkpoints = found.map(|(key, document)| (key, document.checkpoint));
        Ok(checkpoints.filter(|(_, checkpoint)| checkpoint.parked.is_some()).take(limit).collect())
    }

    async fn save_offsets(
        &self,
        projection: &'static str,
        offsets: &[Offset],
    ) -> Result<(), RepositoryError> {
        let save = |c: &mut Collections| {
            for Offset { partition, offset } in offsets {
                let saved = c.offsets.entry(partition.clone()).or_insert(*offset);
                *saved = (*saved).max(*offset);
            }
        };
        self.ask(projection, save).await;
        Ok(())
    }

    async fn load_offsets(&self, projection: &'static str) -> Result<Vec<Offset>, RepositoryError> {
        let offsets = self.ask(projection, |c| c.offsets.clone()).await.into_iter();
        Ok(offsets.map(|(partition, offset)| Offset { partition, offset }).collect())
    }

    async fn save_dead_letters(
        &self,
        projection: &'static str,
        letters: &[DeadLetter],
    ) -> Result<(), RepositoryError> {
        let pairs = letters.iter().map(|l| ((l.partition.clone(), l.offset), l.clone()));
        self.ask(projection, |c| c.letters.extend(pairs)).await;
        Ok(())
    }

    async fn load_dead_letters(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> Result<Vec<DeadLetter>, RepositoryError> {
        Ok(self.ask(projection, |c| c.letters.values().take(limit).cloned().collect()).await)
    }
}
