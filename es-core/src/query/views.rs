use std::{any::TypeId, collections::HashMap, fmt, marker::PhantomData, sync::Arc};

use super::QueryError;
use crate::{
    projection::ViewProjection,
    repository::DynRepository,
};

/// The rows of projection `P`'s view.
pub struct Views<P: ViewProjection> {
    repository: Arc<dyn DynRepository>,
    projection: PhantomData<fn() -> P>,
}

impl<P: ViewProjection> Views<P> {
    /// The row of `key`, if there is one.
    pub async fn get(&self, key: &P::Key) -> Result<Option<P::View>, QueryError> {
        let key = key.to_string();
        match self.repository.get(&key).await? {
            None => Ok(None),
            Some(bytes) => decode::<P>(&key, &bytes).map(Some),
        }
    }

    /// Rows in the order of their keys' text (by bytes), after the row `after`, at most `limit`.
    pub async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<(String, P::View)>, QueryError> {
        let rows = self.repository.list(after, limit).await?;
        rows.into_iter().map(|(key, bytes)| decode::<P>(&key, &bytes).map(|view| (key, view))).collect()
    }

    /// All rows, read page by page. For views that fit in memory.
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
    serde_json::from_slice(bytes).map_err(|e| QueryError::Malformed {
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

/// The views of an App, by projection.
#[derive(Default)]
pub struct ViewSet(HashMap<TypeId, Arc<dyn DynRepository>>);

impl ViewSet {
    pub(crate) fn insert<P: ViewProjection>(&mut self, repository: Arc<dyn DynRepository>) {
        self.0.insert(TypeId::of::<P>(), repository);
    }

    /// The view of projection `P`.
    pub fn of<P: ViewProjection>(&self) -> Result<Views<P>, QueryError> {
        let repository = self.0.get(&TypeId::of::<P>()).ok_or(QueryError::NotRegistered(P::NAME))?;
        Ok(Views { repository: repository.clone(), projection: PhantomData })
    }
}

impl fmt::Debug for ViewSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ViewSet({} views)", self.0.len())
    }
}
