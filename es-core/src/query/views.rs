use std::{any::TypeId, fmt, marker::PhantomData, sync::Arc, time::Duration};

use futures_util::future::try_join_all;

use tokio::time::Instant;

use super::{QueryError, ReadAfter};
use crate::{
    listener::{ProjectionStatus, Served, Verified},
    projection::{Projection, ViewProjection, ViewRow},
    repository::{DynRepository, RepositoryError},
    store::DynStore,
};

/// The rows of projection `P`'s view.
pub struct Views<P> {
    source: Source,
    projection: PhantomData<fn() -> P>,
}

/// Where rows are read.
pub(crate) enum Source {
    /// In the generation that serves at the time of the read.
    Served(Arc<Served>),
    /// In a repository without a listener, in tests.
    #[cfg_attr(not(feature = "testing"), expect(dead_code, reason = "for tests of projections"))]
    Repository(Arc<dyn DynRepository>),
}

impl Source {
    /// Where to read, and which generation that is.
    fn repository(&self) -> (u32, Arc<dyn DynRepository>) {
        match self {
            Self::Served(served) => {
                let current = served.current();
                (current.generation, current.repository.clone())
            }
            Self::Repository(repository) => (0, repository.clone()),
        }
    }

    /// Where to read again what was not found in `generation`: its rows may be removed, where this process stood still
    /// while others rebuilt them.
    async fn instead_of(
        &self,
        generation: u32,
    ) -> Result<Option<(u32, Arc<dyn DynRepository>)>, RepositoryError> {
        match self {
            Self::Served(served) => served.newer_than(generation).await,
            Self::Repository(_) => Ok(None),
        }
    }

    /// Whether also what was found may be a part of what was there.
    fn may_be_removed(&self) -> bool {
        match self {
            Self::Served(served) => served.may_be_removed(),
            Self::Repository(_) => false,
        }
    }
}

impl<P: ViewProjection> Views<P> {
    pub(crate) fn over(source: Source) -> Self {
        Self { source, projection: PhantomData }
    }

    /// The row of `key`, if there is one.
    ///
    /// # Errors
    ///
    /// When the view database fails, or the row is not of the view's type.
    pub async fn get(&self, key: &P::Key) -> Result<Option<P::View>, QueryError> {
        let key = key.to_string();
        let (mut generation, mut repository) = self.source.repository();
        loop {
            if let Some(bytes) = repository.get(&key).await? {
                return decode::<P>(&key, &bytes).map(Some);
            }
            match self.source.instead_of(generation).await? {
                Some(newer) => (generation, repository) = newer,
                None => return Ok(None),
            }
        }
    }

    /// Rows after the key `after`, at most `limit`: in the order of their keys' text (by bytes), or in an order of
    /// the repository's own where that keeps documents
    /// ([`DocumentRepository`](crate::repository::DocumentRepository)).
    ///
    /// # Errors
    ///
    /// When the view database fails, or a row is not of the view's type.
    pub async fn list(
        &self,
        after: Option<&str>,
        limit: usize,
    ) -> Result<Vec<(String, P::View)>, QueryError> {
        let (mut generation, mut repository) = self.source.repository();
        let rows = loop {
            let rows = repository.list(after, limit).await?;
            if rows.len() >= limit && !self.source.may_be_removed() {
                break rows;
            }
            match self.source.instead_of(generation).await? {
                Some(newer) => (generation, repository) = newer,
                None => break rows,
            }
        };
        rows.into_iter().map(|(key, bytes)| decode::<P>(&key, &bytes).map(|view| (key, view))).collect()
    }

    /// All rows, read page by page. For views that fit in memory.
    ///
    /// # Errors
    ///
    /// When the view database fails, or a row is not of the view's type.
    pub async fn all(&self) -> Result<Vec<(String, P::View)>, QueryError> {
        const PAGE: usize = 1000;
        let mut rows: Vec<(String, P::View)> = Vec::new();
        loop {
            let page = self.list(rows.last().map(|(key, _)| key.as_str()), PAGE).await?;
            let last = page.len() < PAGE;
            rows.extend(page);
            if last {
                return Ok(rows);
            }
        }
    }
}

fn decode<P: ViewProjection>(key: &str, bytes: &[u8]) -> Result<P::View, QueryError> {
    P::View::from_json(bytes).map_err(|e| QueryError::Malformed {
        projection: P::NAME,
        key: key.to_owned(),
        reason: e.to_string(),
    })
}

impl<P: ViewProjection> fmt::Debug for Views<P> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Views({})", P::NAME)
    }
}

/// The end of a wait that may be as long as `Duration::MAX`, which no clock can count to.
fn deadline(within: Duration) -> Instant {
    const LONG: Duration = Duration::from_secs(30 * 365 * 24 * 60 * 60);
    Instant::now() + within.min(LONG)
}

/// One projection of an App.
pub(crate) struct Entry {
    pub(crate) id: TypeId,
    pub(crate) served: Arc<Served>,
}

/// The views of an App, by projection.
pub struct ViewSet {
    entries: Vec<Entry>,
    patience: Duration,
}

impl ViewSet {
    pub(crate) fn new(patience: Duration) -> Self {
        Self { entries: Vec::new(), patience }
    }

    pub(crate) fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// A category of one of the projections' events.
    pub(crate) fn category(&self) -> Option<&'static str> {
        self.entries.iter().find_map(|entry| entry.served.category())
    }

    pub(crate) fn insert(&mut self, entry: Entry) {
        self.entries.push(entry);
    }

    pub(crate) fn entry<P: Projection>(&self) -> Result<&Entry, QueryError> {
        let found = self.entries.iter().find(|entry| entry.id == TypeId::of::<P>());
        found.ok_or(QueryError::NotRegistered { projection: P::NAME, type_name: std::any::type_name::<P>() })
    }

    /// The view of projection `P`.
    ///
    /// # Errors
    ///
    /// [`QueryError::NotRegistered`] when the App was built without it.
    pub fn of<P: ViewProjection>(&self) -> Result<Views<P>, QueryError> {
        Ok(Views::over(Source::Served(self.entry::<P>()?.served.clone())))
    }

    /// Waits until the projections called `names` show what `after` names. Those that are not there are the
    /// query's own business.
    pub(crate) async fn reach(&self, names: &[&str], after: &ReadAfter) -> Result<(), QueryError> {
        let deadline = deadline(after.limit.unwrap_or(self.patience));
        for entry in self.entries.iter().filter(|entry| names.contains(&entry.served.projection())) {
            for token in &after.tokens {
                entry.served.reach(token, deadline).await?;
            }
        }
        Ok(())
    }

    pub(crate) async fn caught_up(&self, store: &dyn DynStore, within: Duration) -> Result<(), QueryError> {
        let deadline = deadline(within);
        for entry in &self.entries {
            entry.served.caught_up(store, deadline).await?;
        }
        Ok(())
    }

    pub(crate) async fn verify(&self) -> Result<Vec<Verified>, QueryError> {
        try_join_all(self.entries.iter().map(|entry| entry.served.verify())).await
    }

    pub(crate) fn status(&self) -> Vec<ProjectionStatus> {
        self.entries.iter().map(|entry| entry.served.current().listener.status()).collect()
    }

    pub(crate) async fn stop(&self) {
        self.entries.iter().for_each(|entry| entry.served.ask_to_stop());
        for entry in &self.entries {
            entry.served.current().listener.stopped().await;
        }
    }
}

impl fmt::Debug for ViewSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.entries.iter().map(|entry| entry.served.projection())).finish()
    }
}
