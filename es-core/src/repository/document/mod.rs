//! Views in databases without multi-row transactions: a document holds its view and its checkpoint.

mod apply;
mod repository;

use std::future::Future;

use super::{Checkpoint, DeadLetter, RepositoryError};
use crate::feed::Offset;

/// An aggregate's view, and how far the projection has come with it. Written in one piece.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// How far.
    pub checkpoint: Checkpoint,
    /// The view's JSON; none before the first event that the projection takes.
    pub view: Option<Vec<u8>>,
}

/// A view database without multi-row transactions. What implements it is a [`Repository`](super::Repository) for
/// every projection whose rows are found by their aggregate's id ([`OwnRows`](crate::projection::OwnRows)); for
/// others it does not compile.
///
/// Each document is stored under its aggregate's id and holds the checkpoint beside the view.
/// [`DocumentRepository::replace`] is the fence: of two listeners that fold the same commit into the same document,
/// one is refused. A batch is applied in this order, so that a crash anywhere in it only makes the listener see
/// commits again, which the checkpoints then show to be there:
///
/// 1. all documents are loaded, compared and folded; what is wrong with the batch shows before anything is written,
/// 2. dead letters are saved,
/// 3. documents are replaced, many at a time,
/// 4. when all of them are durable, offsets are saved.
///
/// What is kept is found by the projection's name and shared with nobody. Every method must be durable when it
/// returns, and safe to drop at any moment.
///
/// Its suite is `document_repository_conformance!`, in the module `testing`.
pub trait DocumentRepository: Send + Sync + 'static {
    /// The longest view in bytes. An event that makes a longer one is refused, so that its aggregate is set aside
    /// and others go on.
    fn longest_view(&self) -> usize;

    /// Makes ready what the projection needs. Idempotent; called once at start.
    fn make_ready(
        &self,
        projection: &'static str,
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// The documents of these keys, in their order. Sees every write that was acknowledged before.
    fn load(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> impl Future<Output = Result<Vec<Option<Document>>, RepositoryError>> + Send;

    /// Their checkpoints alone, where these are cheaper to read.
    fn load_checkpoints(
        &self,
        projection: &'static str,
        keys: &[&str],
    ) -> impl Future<Output = Result<Vec<Option<Checkpoint>>, RepositoryError>> + Send {
        async move {
            let documents = self.load(projection, keys).await?;
            Ok(documents.into_iter().map(|found| found.map(|document| document.checkpoint)).collect())
        }
    }

    /// Stores a document if what is stored is still at `expected`, `None` for nothing at all. Both its `applied` and
    /// whether it is parked count. Says whether it did.
    ///
    /// When an answer is lost, the same request may be sent again; a document that then turns out to be at
    /// `document.checkpoint` already was stored.
    fn replace(
        &self,
        projection: &'static str,
        key: &str,
        expected: Option<&Checkpoint>,
        document: &Document,
    ) -> impl Future<Output = Result<bool, RepositoryError>> + Send;

    /// Documents after the key `after`, which need not exist, at most `limit`; an empty page is the end.
    ///
    /// Any order will do that has a place for every text and never changes, since a page is asked for by the last key
    /// of the one before.
    fn scan(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(String, Document)>, RepositoryError>> + Send;

    /// Their keys alone, where these are cheaper to read.
    fn scan_keys(
        &self,
        projection: &'static str,
        after: Option<&str>,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<String>, RepositoryError>> + Send {
        async move {
            let documents = self.scan(projection, after, limit).await?;
            Ok(documents.into_iter().map(|(key, _)| key).collect())
        }
    }

    /// The documents that are parked, at most `limit`.
    fn scan_parked(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<(String, Checkpoint)>, RepositoryError>> + Send;

    /// Saves offsets; one that is saved already does not go back.
    fn save_offsets(
        &self,
        projection: &'static str,
        offsets: &[Offset],
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// The saved offsets.
    fn load_offsets(
        &self,
        projection: &'static str,
    ) -> impl Future<Output = Result<Vec<Offset>, RepositoryError>> + Send;

    /// Saves dead letters; one that is there already, by partition and offset, changes nothing.
    fn save_dead_letters(
        &self,
        projection: &'static str,
        letters: &[DeadLetter],
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// Dead letters by partition, oldest first, at most `limit`.
    fn load_dead_letters(
        &self,
        projection: &'static str,
        limit: usize,
    ) -> impl Future<Output = Result<Vec<DeadLetter>, RepositoryError>> + Send;
}
