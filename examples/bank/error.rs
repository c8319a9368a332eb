//! Which status an error has, and what its body says: `{"error": code, "message": text}`.

use axum::{
    Json,
    extract::rejection::{JsonRejection, PathRejection, QueryRejection},
    http::{StatusCode, header::RETRY_AFTER},
    response::{IntoResponse, Response},
};
use event_sourcing::{
    command::HandlerError,
    handler::{ExecuteError, LoadError},
    query::QueryError,
    repository::RepositoryError,
    store::{AppendError, ReadError},
};
use serde::Serialize;

use crate::{
    account::AccountError,
    transfer::{DriveError, TransferError},
};

#[derive(Debug, Serialize)]
pub struct ApiError {
    #[serde(skip)]
    status: StatusCode,
    error: &'static str,
    message: String,
    /// Where it makes sense to send the request again: the `idempotency-key` that keeps it from being done twice.
    #[serde(skip_serializing_if = "Option::is_none")]
    idempotency_key: Option<String>,
}

impl ApiError {
    pub fn new(status: StatusCode, error: &'static str, message: impl Into<String>) -> Self {
        Self { status, error, message: message.into(), idempotency_key: None }
    }

    pub fn bad_request(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, error, message)
    }

    pub fn not_found(error: &'static str, message: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, error, message)
    }

    fn unavailable(error: &'static str, cause: impl std::fmt::Display) -> Self {
        Self::new(StatusCode::SERVICE_UNAVAILABLE, error, format!("{cause}; send the request again"))
    }

    /// Not the client's business; the log has it.
    pub fn internal(cause: impl std::fmt::Display) -> Self {
        eprintln!("internal error: {cause}");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "internal", "something is wrong here; it was logged")
    }

    /// Names the key under which the request can be sent again, where that makes sense.
    pub fn with_key(mut self, key: &str) -> Self {
        if self.status == StatusCode::SERVICE_UNAVAILABLE || self.error == "contended" {
            self.idempotency_key = Some(key.to_owned());
        }
        self
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let retry = (self.status == StatusCode::SERVICE_UNAVAILABLE).then_some([(RETRY_AFTER, "1")]);
        (self.status, retry, Json(self)).into_response()
    }
}

impl From<AccountError> for ApiError {
    fn from(error: AccountError) -> Self {
        let code = match error {
            AccountError::Unknown => return Self::not_found("unknown_account", error.to_string()),
            AccountError::NotHeld { .. } => return Self::internal(error),
            AccountError::Closed => "account_closed",
            AccountError::Insufficient { .. } => "insufficient_funds",
            AccountError::Overflow { .. } => "balance_overflow",
            AccountError::NotEmpty { .. } => "account_not_empty",
        };
        Self::new(StatusCode::UNPROCESSABLE_ENTITY, code, error.to_string())
    }
}

impl From<TransferError> for ApiError {
    fn from(error: TransferError) -> Self {
        Self::internal(error)
    }
}

impl<E: HandlerError + Into<ApiError>> From<ExecuteError<E>> for ApiError {
    fn from(error: ExecuteError<E>) -> Self {
        match error {
            ExecuteError::Rejected(refusal) => refusal.into(),
            ExecuteError::AlreadyExists { .. } => {
                Self::new(StatusCode::CONFLICT, "already_open", error.to_string())
            }
            ExecuteError::Contended { .. } => Self::new(StatusCode::CONFLICT, "contended", error.to_string()),
            ExecuteError::TooLarge(_) | ExecuteError::IdTooLong { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too_large", error.to_string())
            }
            ExecuteError::OutcomeUnknown { .. } => {
                Self::unavailable("outcome_unknown", "it is not known whether this was done")
            }
            ExecuteError::Append(ref cause) if matches!(**cause, AppendError::Unavailable(_)) => {
                Self::unavailable("unavailable", error)
            }
            ExecuteError::Load(ref cause)
                if matches!(**cause, LoadError::Read(ReadError::Unavailable(_))) =>
            {
                Self::unavailable("unavailable", error)
            }
            ExecuteError::Stopped => Self::unavailable("unavailable", error),
            _ => Self::internal(error),
        }
    }
}

impl From<LoadError> for ApiError {
    fn from(error: LoadError) -> Self {
        match error {
            LoadError::Read(ReadError::Unavailable(_)) => Self::unavailable("unavailable", error),
            _ => Self::internal(error),
        }
    }
}

impl From<QueryError> for ApiError {
    fn from(error: QueryError) -> Self {
        match error {
            QueryError::Behind { .. } => Self::unavailable("view_behind", error),
            QueryError::Repository(RepositoryError::Unavailable(_)) | QueryError::Stopped { .. } => {
                Self::unavailable("unavailable", error)
            }
            _ => Self::internal(error),
        }
    }
}

impl From<DriveError> for ApiError {
    fn from(error: DriveError) -> Self {
        match error {
            DriveError::NoAccount(_) => Self::not_found("unknown_account", error.to_string()),
            DriveError::NoTransfer(_) => Self::not_found("unknown_transfer", error.to_string()),
            DriveError::OtherTerms(_) => {
                Self::new(StatusCode::CONFLICT, "transfer_id_taken", error.to_string())
            }
            DriveError::NoAnswer(_) => Self::internal(error),
            DriveError::Account(error) => error.into(),
            DriveError::Transfer(error) => error.into(),
            DriveError::Load(error) => error.into(),
        }
    }
}

impl From<JsonRejection> for ApiError {
    fn from(rejection: JsonRejection) -> Self {
        let (status, code) = match rejection.status() {
            StatusCode::PAYLOAD_TOO_LARGE => (StatusCode::PAYLOAD_TOO_LARGE, "too_large"),
            StatusCode::UNSUPPORTED_MEDIA_TYPE => {
                (StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type")
            }
            _ => (StatusCode::BAD_REQUEST, "malformed_json"),
        };
        Self::new(status, code, rejection.body_text())
    }
}

impl From<PathRejection> for ApiError {
    fn from(rejection: PathRejection) -> Self {
        Self::bad_request("malformed_path", rejection.body_text())
    }
}

impl From<QueryRejection> for ApiError {
    fn from(rejection: QueryRejection) -> Self {
        Self::bad_request("malformed_query", rejection.body_text())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use event_sourcing::store::StreamId;
    use std::{sync::Arc, time::Duration};
    use uuid::Uuid;

    type Failure = ExecuteError<AccountError>;

    /// What the client gets: status, code, whether it may come again at once, and with which key.
    fn told(error: ApiError) -> (u16, &'static str, bool, Option<String>) {
        let error = error.with_key("k");
        let (code, key) = (error.error, error.idempotency_key.clone());
        let response = error.into_response();
        (response.status().as_u16(), code, response.headers().contains_key(RETRY_AFTER), key)
    }

    #[test]
    fn what_may_be_sent_again_comes_with_its_key() {
        let key = || Some("k".to_owned());
        let stream = StreamId::new("account", "ann");
        let unknown: Failure = ExecuteError::OutcomeUnknown { command_id: Uuid::nil(), source: None };
        assert_eq!(told(unknown.into()), (503, "outcome_unknown", true, key()));
        let append = Arc::new(AppendError::Unavailable("no disk".into()));
        assert_eq!(told(Failure::Append(append).into()), (503, "unavailable", true, key()));
        let load = Arc::new(LoadError::Read(ReadError::Unavailable("no disk".into())));
        assert_eq!(told(Failure::Load(load).into()), (503, "unavailable", true, key()));
        assert_eq!(told(Failure::Stopped.into()), (503, "unavailable", true, key()));
        let contended: Failure = ExecuteError::Contended { stream, attempts: 32 };
        assert_eq!(told(contended.into()), (409, "contended", false, key()));
    }

    #[test]
    fn a_view_that_is_behind_gets_there_later() {
        let behind = QueryError::Behind {
            projection: "balances",
            token: "account/1/ann".to_owned(),
            waited: Duration::from_secs(10),
        };
        let (status, code, retry, _) = told(behind.into());
        assert_eq!((status, code, retry), (503, "view_behind", true));
    }

    #[test]
    fn what_is_wrong_in_here_is_not_told() {
        let stream = StreamId::new("account", "ann");
        let panicked: Failure = ExecuteError::HandlerPanicked { stream, message: "secret".to_owned() };
        let error = ApiError::from(panicked);
        assert!(!error.message.contains("secret"));
        assert_eq!(told(error), (500, "internal", false, None));
    }
}
