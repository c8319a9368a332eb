use super::{OwnRows, ViewRow, plan};
use crate::repository::{ApplyError, Move};

/// Folds a move's events into the view of its aggregate, as [`crate::repository::DocumentRepository`] keeps it.
///
/// `None` for no view, before and after: one begins with the first event that the projection takes.
///
/// # Errors
///
/// [`ApplyError::Event`] for an event that the projection cannot take, [`ApplyError::Repository`] for a stored view
/// that cannot be read.
pub(crate) fn fold_document<P: OwnRows>(
    projection: &P,
    stream_move: &Move,
    stored: Option<&[u8]>,
) -> Result<Option<Vec<u8>>, ApplyError> {
    let mut steps = Vec::new();
    for commit in &stream_move.commits {
        plan::decode_commit(projection, stream_move, commit, |input, metadata| {
            steps.push((input, metadata));
        })?;
    }
    let key = &stream_move.stream.id;
    let corrupt = |error: serde_json::Error| plan::corrupt::<P>(key, &error);
    if steps.is_empty() {
        return Ok(stored.map(<[u8]>::to_vec));
    }
    let mut view = match stored {
        None => P::View::empty(),
        Some(bytes) => P::View::from_json(bytes).map_err(corrupt)?,
    };
    for (input, metadata) in &steps {
        plan::fold_one(projection, &mut view, input, metadata)?;
    }
    match (plan::encode::<P>(&view), steps.last()) {
        (Ok(bytes), _) => Ok(Some(bytes)),
        (Err(error), Some((_, metadata))) => {
            Err(plan::refused::<P>(metadata, format!("view row `{key}`: {error}").into()))
        }
        (Err(error), None) => Err(corrupt(error).into()),
    }
}
