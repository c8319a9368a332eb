//! The controller: routes to commands and queries, and their answers as JSON.

use axum::{
    Json, Router,
    extract::{DefaultBodyLimit, Path, Query, State},
    http::StatusCode,
    response::{AppendHeaders, IntoResponse},
    routing::{get, post},
};
use event_sourcing::{command::Decide, event::EventSet, handler::Recorded, prelude::*};
use serde::Serialize;
use serde_json::Value;
use std::time::SystemTime;

use crate::{
    account::{
        Account, AccountError, AccountEvent, AccountId, Close, Deposit, Deposited, Open, Opened, Standing,
        Withdraw, Withdrawn,
    },
    error::ApiError,
    request::{After, AmountBody, Body, Checked, Id, OpenBody, Page, READ_TOKEN, Sender, TransferBody},
    transfer::{self, Outcome, Requested, Transfer, TransferId},
    views::{Balance, GetBalance},
};

const LARGEST_BODY: usize = 16 << 10;
const LARGEST_PAGE: usize = 1000;

pub fn router(app: App) -> Router {
    Router::new()
        .route("/accounts/{id}", post(open).get(balance))
        .route("/accounts/{id}/deposit", post(deposit))
        .route("/accounts/{id}/withdraw", post(withdraw))
        .route("/accounts/{id}/close", post(close))
        .route("/accounts/{id}/history", get(history))
        .route("/transfers", post(transfer))
        .route("/transfers/{id}", get(transfer_status))
        .fallback(|| async { ApiError::not_found("unknown_route", "there is nothing at this address") })
        .method_not_allowed_fallback(|| async {
            let message = "this address does not know that method";
            ApiError::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", message)
        })
        .layer(DefaultBodyLimit::max(LARGEST_BODY))
        .with_state(app)
}

async fn open(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    sender: Sender,
    Body(OpenBody { owner }): Body<OpenBody>,
) -> Result<impl IntoResponse, ApiError> {
    let same = |e: &AccountEvent| matches!(e, AccountEvent::Opened(Opened { owner: o }) if *o == owner);
    let done = write(&app, &id, Open { owner: owner.clone() }, sender, same).await?;
    let status = if done.duplicate { StatusCode::OK } else { StatusCode::CREATED };
    Ok((status, written(&done)))
}

async fn deposit(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    sender: Sender,
    Body(body): Body<AmountBody>,
) -> Result<impl IntoResponse, ApiError> {
    let amount = body.amount.get();
    let same =
        |e: &AccountEvent| matches!(e, AccountEvent::Deposited(Deposited { amount: a }) if *a == amount);
    Ok(written(&write(&app, &id, Deposit { amount }, sender, same).await?))
}

async fn withdraw(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    sender: Sender,
    Body(body): Body<AmountBody>,
) -> Result<impl IntoResponse, ApiError> {
    let amount = body.amount.get();
    let same =
        |e: &AccountEvent| matches!(e, AccountEvent::Withdrawn(Withdrawn { amount: a }) if *a == amount);
    Ok(written(&write(&app, &id, Withdraw { amount }, sender, same).await?))
}

async fn close(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    sender: Sender,
) -> Result<impl IntoResponse, ApiError> {
    let same = |e: &AccountEvent| matches!(e, AccountEvent::Closed(_));
    Ok(written(&write(&app, &id, Close, sender, same).await?))
}

/// Executes a command under the sender's key. A key that was used before answers with what it did then, which
/// has to be the `same` as is asked for now.
async fn write<C>(
    app: &App,
    id: &AccountId,
    command: C,
    sender: Sender,
    same: impl Fn(&AccountEvent) -> bool,
) -> Result<Committed<Account>, ApiError>
where
    C: Decide<(), Aggregate = Account, Error = AccountError>,
{
    let envelope = command.with_id(sender.command_id()).with_metadata(sender.metadata);
    let done = app.execute(id, envelope).await.map_err(|e| ApiError::from(e).with_key(&sender.key))?;
    if done.duplicate && !done.events.iter().all(same) {
        let message = format!("`{}` was the key of another request: choose a new one", sender.key);
        return Err(ApiError::new(StatusCode::UNPROCESSABLE_ENTITY, "idempotency_key_reused", message));
    }
    Ok(done)
}

#[derive(Serialize)]
struct Written {
    version: u64,
    duplicate: bool,
}

fn written(done: &Committed<Account>) -> impl IntoResponse + use<> {
    let body = Written { version: done.version, duplicate: done.duplicate };
    ([(READ_TOKEN, done.token().to_string())], Json(body))
}

#[derive(Serialize)]
struct BalanceReply {
    id: AccountId,
    #[serde(flatten)]
    balance: Balance,
}

async fn balance(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    After(tokens): After,
) -> Result<Json<BalanceReply>, ApiError> {
    match app.query_after(tokens, GetBalance { account: id.clone() }).await? {
        Some(balance) => Ok(Json(BalanceReply { id, balance })),
        None => Err(AccountError::Unknown.into()),
    }
}

#[derive(Serialize)]
struct HistoryReply {
    events: Vec<EventReply>,
    /// Where to go on, if there is more.
    next: Option<u64>,
}

#[derive(Serialize)]
struct EventReply {
    sequence: u64,
    /// Milliseconds since 1970, UTC.
    time: u64,
    name: &'static str,
    fields: Value,
    correlation_id: Option<String>,
}

/// `limit` counts commits: commands that were stored together come on one page.
async fn history(
    State(app): State<App>,
    Checked(Path(Id(id))): Checked<Path<Id>>,
    Checked(Query(page)): Checked<Query<Page>>,
) -> Result<Json<HistoryReply>, ApiError> {
    let (from, limit) = (page.from.unwrap_or(1), page.limit.unwrap_or(100).clamp(1, LARGEST_PAGE));
    let history = app.history::<Account>(&id, from, limit).await?;
    if history.events.is_empty() && app.load::<Account>(&id).await?.state.standing == Standing::Unknown {
        return Err(AccountError::Unknown.into());
    }
    let events = history.events.into_iter().map(event).collect::<Result<_, _>>()?;
    Ok(Json(HistoryReply { events, next: history.next }))
}

fn event(Recorded { event, metadata, .. }: Recorded<Account>) -> Result<EventReply, ApiError> {
    let mut json = Vec::new();
    event.encode(Codec::Json, &mut json).map_err(ApiError::internal)?;
    let since = metadata.committed_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    Ok(EventReply {
        sequence: metadata.sequence,
        time: u64::try_from(since.as_millis()).unwrap_or(u64::MAX),
        name: event.name(),
        fields: serde_json::from_slice(&json).map_err(ApiError::internal)?,
        correlation_id: metadata.command.correlation_id,
    })
}

#[derive(Serialize)]
struct TransferReply {
    id: TransferId,
    status: &'static str,
    duplicate: bool,
}

/// A transfer's id is its idempotency key.
async fn transfer(
    State(app): State<App>,
    sender: Sender,
    Body(body): Body<TransferBody>,
) -> Result<impl IntoResponse, ApiError> {
    let TransferBody { id, from: Id(from), to: Id(to), amount } = body;
    let terms = Requested { from, to, amount: amount.get() };
    // In a task of its own: a client that goes away does not stop it half way.
    let driven = tokio::spawn(async move {
        let duplicate = transfer::start(&app, id, terms, sender.metadata).await?;
        Ok((duplicate, transfer::drive(&app, id).await?))
    });
    let (duplicate, driven) = driven
        .await
        .map_err(ApiError::internal)?
        .map_err(|e: transfer::DriveError| ApiError::from(e).with_key(&id.to_string()))?;
    let tokens: Vec<_> = driven.tokens.iter().map(ReadToken::to_string).collect();
    let token = AppendHeaders([(READ_TOKEN, tokens.join(", "))]);
    Ok(match driven.outcome {
        Ok(()) => (token, Json(TransferReply { id, status: "completed", duplicate })).into_response(),
        Err(reason) => (token, ApiError::from(reason)).into_response(),
    })
}

#[derive(Serialize)]
struct TransferStatus {
    id: TransferId,
    #[serde(flatten)]
    terms: Requested,
    status: &'static str,
    reason: Option<String>,
}

async fn transfer_status(
    State(app): State<App>,
    Checked(Path(id)): Checked<Path<TransferId>>,
) -> Result<Json<TransferStatus>, ApiError> {
    let Transfer { terms, outcome } = app.load::<Transfer>(&id).await?.state;
    let terms = terms.ok_or(transfer::DriveError::NoTransfer(id))?;
    let (status, reason): (_, Option<String>) = match outcome {
        None => ("open", None),
        Some(Outcome::Ok(())) => ("completed", None),
        Some(Outcome::Err(reason)) => ("refused", Some(reason.to_string())),
    };
    Ok(Json(TransferStatus { id, terms, status, reason }))
}
