use super::{DocumentRepository, apply};
use crate::{
    feed::Offset,
    projection::{OwnRows, categories, style},
    repository::{
        ApplyError, Batch, Checkpoint, DeadLetter, ParkedAggregate, Repository, RepositoryError, Row,
    },
    store::StreamId,
};

#[diagnostic::do_not_recommend]
impl<P: OwnRows, D: DocumentRepository> Repository<P, style::View> for D {
    async fn prepare(&self) -> Result<(), RepositoryError> {
        category::<P>()?;
        self.make_ready(P::NAME).await
    }

    async fn checkpoints(&self, streams: &[StreamId]) -> Result<Vec<Checkpoint>, RepositoryError> {
        let category = category::<P>()?;
        let own: Vec<&str> = streams.iter().filter(|s| s.category == category).map(|s| &*s.id).collect();
        let found = if own.is_empty() { Vec::new() } else { self.load_checkpoints(P::NAME, &own).await? };
        // Of another category's streams it has seen nothing.
        let mut found = found.into_iter();
        let at = streams.iter().map(|s| if s.category == category { found.next().flatten() } else { None });
        Ok(at.map(Option::unwrap_or_default).collect())
    }

    async fn streams(
        &self,
        after: Option<&StreamId>,
        limit: usize,
    ) -> Result<Vec<StreamId>, RepositoryError> {
        let category = category::<P>()?;
        let keys = self.scan_keys(P::NAME, after.map(|stream| &*stream.id), limit).await?;
        Ok(keys.into_iter().map(|id| StreamId::new(category, id)).collect())
    }

    async fn offsets(&self) -> Result<Vec<Offset>, RepositoryError> {
        self.load_offsets(P::NAME).await
    }

    async fn apply(&self, projection: &P, batch: &Batch) -> Result<(), ApplyError> {
        let category = category::<P>()?;
        if let Some(foreign) = batch.moves.iter().find(|m| m.stream.category != category) {
            return Err(unfit::<P>(format!("{} is not of category `{category}`", foreign.stream)).into());
        }
        apply::apply(self, projection, batch).await
    }

    async fn parked(&self, limit: usize) -> Result<Vec<ParkedAggregate>, RepositoryError> {
        let category = category::<P>()?;
        let found = self.scan_parked(P::NAME, limit).await?;
        let named = found
            .into_iter()
            .map(|(id, checkpoint)| ParkedAggregate { stream: StreamId::new(category, id), checkpoint });
        Ok(named.collect())
    }

    async fn dead_letters(&self, limit: usize) -> Result<Vec<DeadLetter>, RepositoryError> {
        self.load_dead_letters(P::NAME, limit).await
    }

    async fn get(&self, key: &str) -> Result<Option<Vec<u8>>, RepositoryError> {
        let found = self.load(P::NAME, &[key]).await?;
        Ok(found.into_iter().next().flatten().and_then(|document| document.view))
    }

    async fn list(&self, after: Option<&str>, limit: usize) -> Result<Vec<Row>, RepositoryError> {
        let (mut rows, mut after) = (Vec::new(), after.map(str::to_owned));
        while rows.len() < limit {
            let page = self.scan(P::NAME, after.as_deref(), limit - rows.len()).await?;
            let Some((last, _)) = page.last() else { break };
            after = Some(last.clone());
            // Some have a checkpoint and no view yet.
            rows.extend(page.into_iter().filter_map(|(key, document)| Some((key, document.view?))));
        }
        Ok(rows)
    }
}

/// The one category that the projection's ids belong to.
fn category<P: OwnRows>() -> Result<&'static str, RepositoryError> {
    match categories::<P>().as_slice() {
        [one] => Ok(one),
        other => Err(unfit::<P>(format!(
            "a row for each aggregate takes events of one category, not of {other:?}"
        ))),
    }
}

fn unfit<P: OwnRows>(why: String) -> RepositoryError {
    RepositoryError::Unfit { projection: P::NAME, source: why.into() }
}
