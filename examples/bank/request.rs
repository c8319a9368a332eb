//! What is read off a request, and refused as JSON when it makes no sense.

use axum::{
    Json,
    extract::{FromRequest, FromRequestParts, Request},
    http::{HeaderMap, request::Parts},
};
use event_sourcing::prelude::*;
use serde::Deserialize;
use std::num::NonZeroU64;
use uuid::Uuid;

use crate::{account::AccountId, error::ApiError, transfer::TransferId};

pub const READ_TOKEN: &str = "x-read-token";
const IDEMPOTENCY_KEY: &str = "idempotency-key";
const CORRELATION_ID: &str = "x-correlation-id";
/// Of a header that is stored.
const LONGEST: usize = 200;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenBody {
    pub owner: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AmountBody {
    pub amount: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TransferBody {
    pub id: TransferId,
    pub from: Id,
    pub to: Id,
    pub amount: NonZeroU64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Page {
    pub from: Option<u64>,
    pub limit: Option<usize>,
}

/// An account's id that fits into a path and a header as it is.
#[derive(Deserialize)]
#[serde(try_from = "String")]
pub struct Id(pub AccountId);

impl TryFrom<String> for Id {
    type Error = &'static str;
    fn try_from(id: String) -> Result<Self, &'static str> {
        let plain = |c: u8| c.is_ascii_alphanumeric() || b"-_.".contains(&c);
        if (1..=64).contains(&id.len()) && id.bytes().all(plain) {
            Ok(Self(id))
        } else {
            Err("an account's id is 1 to 64 letters, digits, `-`, `_` or `.`")
        }
    }
}

/// axum's `Json`, with our errors.
pub struct Body<T>(pub T);

impl<S: Send + Sync, T> FromRequest<S> for Body<T>
where
    Json<T>: FromRequest<S>,
    ApiError: From<<Json<T> as FromRequest<S>>::Rejection>,
{
    type Rejection = ApiError;
    async fn from_request(request: Request, state: &S) -> Result<Self, ApiError> {
        let Json(body) = Json::from_request(request, state).await?;
        Ok(Self(body))
    }
}

/// axum's `Path` or `Query`, with our errors.
pub struct Checked<T>(pub T);

impl<S: Send + Sync, T: FromRequestParts<S>> FromRequestParts<S> for Checked<T>
where
    ApiError: From<T::Rejection>,
{
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, ApiError> {
        Ok(Self(T::from_request_parts(parts, state).await?))
    }
}

/// What the client says about a command beside it.
pub struct Sender {
    /// Made up if the client chose none, so that it can be told what to send a request again with.
    pub key: String,
    pub metadata: CommandMetadata,
}

impl Sender {
    /// The command's id: the same for the same key, and none that a client could choose.
    pub fn command_id(&self) -> Uuid {
        const KEYS: Uuid = Uuid::from_u128(0x3c1e_90b4_77d2_4a56_b0f1_65a8_d92c_0e47);
        Uuid::new_v5(&KEYS, self.key.as_bytes())
    }
}

impl<S: Send + Sync> FromRequestParts<S> for Sender {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let key = match text(&parts.headers, IDEMPOTENCY_KEY)? {
            Some(key) => key.to_owned(),
            None => Uuid::now_v7().to_string(),
        };
        let mut metadata = CommandMetadata::default();
        if let Some(id) = text(&parts.headers, CORRELATION_ID)? {
            if id.len() > LONGEST {
                let message = format!("`{CORRELATION_ID}` is longer than {LONGEST} bytes");
                return Err(ApiError::bad_request("malformed_header", message));
            }
            metadata = metadata.correlation(id);
        }
        Ok(Self { key, metadata })
    }
}

/// After which writes a view is to be looked at. The header may hold several, with commas between.
pub struct After(pub Vec<ReadToken>);

impl<S: Send + Sync> FromRequestParts<S> for After {
    type Rejection = ApiError;
    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, ApiError> {
        let Some(tokens) = text(&parts.headers, READ_TOKEN)? else { return Ok(Self(Vec::new())) };
        let tokens = tokens.split(',').map(|token| token.trim().parse::<ReadToken>());
        let tokens = tokens.collect::<Result<_, _>>();
        Ok(Self(tokens.map_err(|e| ApiError::bad_request("malformed_read_token", e.to_string()))?))
    }
}

fn text<'h>(headers: &'h HeaderMap, name: &str) -> Result<Option<&'h str>, ApiError> {
    let Some(value) = headers.get(name) else { return Ok(None) };
    let text = std::str::from_utf8(value.as_bytes());
    text.map(Some).map_err(|_| ApiError::bad_request("malformed_header", format!("`{name}` is not UTF-8")))
}
