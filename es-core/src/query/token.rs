use serde::{Deserialize, Serialize};
use std::{fmt, str::FromStr, sync::Arc, time::Duration};

use crate::store::StreamId;

/// "After this write": what a later query waits for. Can be sent along, as text or with serde.
///
/// The text holds the aggregate's id as it is: where ids are more than visible ASCII, encode it for carriers such as HTTP
/// headers. It is no secret and not signed: one that a client has made up makes its own query wait, as long as
/// [`read_patience`](crate::app::AppBuilder::read_patience) says, and has the store asked for that aggregate.
///
/// ```
/// use es_core::query::ReadToken;
/// let token = ReadToken::new("account", "ann/1", 7);
/// assert_eq!(token.to_string(), "account/7/ann/1");
/// assert_eq!("account/7/ann/1".parse(), Ok(token));
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct ReadToken {
    pub(crate) stream: StreamId,
    pub(crate) sequence: u64,
}

impl ReadToken {
    /// After event `sequence` of aggregate `id` in `category`.
    pub fn new(category: impl Into<String>, id: impl Into<Arc<str>>, sequence: u64) -> Self {
        Self { stream: StreamId::new(category.into(), id), sequence }
    }

    /// The same, with a limit of its own on how long to wait.
    pub fn within(self, limit: Duration) -> ReadAfter {
        ReadAfter::from(self).within(limit)
    }
}

impl fmt::Display for ReadToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}/{}", self.stream.category, self.sequence, self.stream.id)
    }
}

/// A text is not a [`ReadToken`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is not a read token: it reads `category/sequence/id`")]
pub struct ParseReadTokenError(String);

impl FromStr for ReadToken {
    type Err = ParseReadTokenError;
    fn from_str(s: &str) -> Result<Self, ParseReadTokenError> {
        let mut parts = s.splitn(3, '/');
        match (parts.next(), parts.next().and_then(|n| n.parse().ok()), parts.next()) {
            (Some(category), Some(sequence), Some(id)) => Ok(Self::new(category, id, sequence)),
            _ => Err(ParseReadTokenError(s.to_owned())),
        }
    }
}

impl From<ReadToken> for String {
    fn from(token: ReadToken) -> Self {
        token.to_string()
    }
}

impl TryFrom<String> for ReadToken {
    type Error = ParseReadTokenError;
    fn try_from(s: String) -> Result<Self, ParseReadTokenError> {
        s.parse()
    }
}

/// Writes that a query waits for, and how long; without a limit, as long as the App says.
///
/// ```
/// use es_core::query::{ReadAfter, ReadToken};
/// use std::time::Duration;
/// // A transfer has written to both.
/// let both = [ReadToken::new("account", "ann", 7), ReadToken::new("account", "bob", 3)];
/// let after = ReadAfter::from(both).within(Duration::from_secs(2)); // app.query_after(after, GetBalance { .. })
/// # let _ = after;
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ReadAfter {
    pub(crate) tokens: Vec<ReadToken>,
    pub(crate) limit: Option<Duration>,
}

impl ReadAfter {
    /// With a limit of its own on how long to wait for all of them.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }
}

impl From<ReadToken> for ReadAfter {
    fn from(token: ReadToken) -> Self {
        vec![token].into()
    }
}

impl<const N: usize> From<[ReadToken; N]> for ReadAfter {
    fn from(tokens: [ReadToken; N]) -> Self {
        Vec::from(tokens).into()
    }
}

impl From<Vec<ReadToken>> for ReadAfter {
    fn from(tokens: Vec<ReadToken>) -> Self {
        Self { tokens, limit: None }
    }
}
