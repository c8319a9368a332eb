//! Accounts over HTTP, as `examples/bank` has them.

mod client;
mod crash;
mod server;

use std::path::PathBuf;

use client::{Reply, Request, get, post};
use event_sourcing::sql::sqlx::{Connection, SqliteConnection, sqlite::SqliteConnectOptions};
use serde_json::{Value, json};
use server::Server;
use tempfile::TempDir;
use uuid::Uuid;

fn bank() -> (TempDir, PathBuf, Server) {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("bank.db");
    let server = Server::start(&db);
    (folder, db, server)
}

fn open(id: &str) -> Request {
    post(&format!("/accounts/{id}"), json!({ "owner": id }))
}

fn deposit(id: &str, amount: u64) -> Request {
    post(&format!("/accounts/{id}/deposit"), json!({ "amount": amount }))
}

fn withdraw(id: &str, amount: u64) -> Request {
    post(&format!("/accounts/{id}/withdraw"), json!({ "amount": amount }))
}

fn close(id: &str) -> Request {
    post(&format!("/accounts/{id}/close"), json!({}))
}

fn transfer(id: u128, from: &str, to: &str, amount: u64) -> Request {
    post("/transfers", json!({ "id": Uuid::from_u128(id), "from": from, "to": to, "amount": amount }))
}

fn transfer_status(id: u128) -> Request {
    get(&format!("/transfers/{}", Uuid::from_u128(id)))
}

/// The account as it is after `write`.
async fn seen_after(server: &Server, id: &str, write: &Reply) -> Value {
    let request = get(&format!("/accounts/{id}")).header("x-read-token", write.token());
    server.send(request).await.expect(200).body
}

fn balance(id: &str, balance: u64) -> Value {
    json!({ "id": id, "owner": id, "balance": balance, "held": 0, "closed": false })
}

#[tokio::test]
async fn an_account_from_its_opening_to_its_end() {
    let (_folder, _db, bank) = bank();
    let opened = bank.send(open("ann")).await.expect(201);
    assert_eq!(opened.body, json!({ "version": 1, "duplicate": false }));
    let paid = bank.send(deposit("ann", 10)).await.expect(200);
    assert_eq!(paid.body, json!({ "version": 2, "duplicate": false }));
    assert_eq!(paid.token(), "account/2/ann");
    bank.send(withdraw("ann", 11)).await.expect_error(422, "insufficient_funds");
    bank.send(close("ann")).await.expect_error(422, "account_not_empty");
    let drawn = bank.send(withdraw("ann", 10).header("x-correlation-id", "c-1")).await.expect(200);
    assert_eq!(seen_after(&bank, "ann", &drawn).await, balance("ann", 0));
    let closed = bank.send(close("ann")).await.expect(200);
    assert_eq!(seen_after(&bank, "ann", &closed).await["closed"], true);
    bank.send(deposit("ann", 1)).await.expect_error(422, "account_closed");
    bank.send(open("ann")).await.expect_error(409, "already_open");

    let history = bank.send(get("/accounts/ann/history")).await.expect(200).body;
    let told = history["events"].as_array().unwrap().iter().map(|event| {
        assert!(event["time"].as_u64().is_some_and(|millis| millis > 0), "{event}");
        json!([event["sequence"], event["name"], event["fields"], event["correlation_id"]])
    });
    let told = told.collect();
    let all = json!([
        [1, "account.opened", { "owner": "ann" }, null],
        [2, "account.deposited", { "amount": 10 }, null],
        [3, "account.withdrawn", { "amount": 10 }, "c-1"],
        [4, "account.closed", null, null],
    ]);
    assert_eq!((Value::Array(told), &history["next"]), (all, &Value::Null));
}

#[tokio::test]
async fn history_comes_page_by_page() {
    let (_folder, _db, bank) = bank();
    bank.send(open("ann")).await.expect(201);
    for amount in 1..=6 {
        bank.send(deposit("ann", amount)).await.expect(200);
    }
    let (mut from, mut pages) = (json!(1), Vec::new());
    while let Some(at) = from.as_u64() {
        let page = bank.send(get(&format!("/accounts/ann/history?from={at}&limit=3"))).await.expect(200).body;
        let events = page["events"].as_array().unwrap();
        pages.push(events.iter().map(|event| event["sequence"].as_u64().unwrap()).collect::<Vec<_>>());
        from = page["next"].clone();
    }
    assert_eq!(pages, [vec![1, 2, 3], vec![4, 5, 6], vec![7]]);
    let beyond = bank.send(get("/accounts/ann/history?from=9")).await.expect(200).body;
    assert_eq!(beyond, json!({ "events": [], "next": null }));
}

#[tokio::test]
async fn every_write_is_seen_with_its_token() {
    let (_folder, _db, bank) = bank();
    bank.send(open("ann")).await.expect(201);
    bank.send(open("bob")).await.expect(201);
    for paid in 1..=50 {
        let write = bank.send(deposit("ann", 1)).await.expect(200);
        assert_eq!(seen_after(&bank, "ann", &write).await, balance("ann", paid));
    }
    for moved in 1..=50 {
        let write = bank.send(transfer(moved.into(), "ann", "bob", 1)).await.expect(200);
        assert_eq!(seen_after(&bank, "ann", &write).await, balance("ann", 50 - moved));
        assert_eq!(seen_after(&bank, "bob", &write).await, balance("bob", moved));
    }
}

#[tokio::test]
async fn a_request_with_a_key_is_done_once() {
    let (_folder, db, bank) = bank();
    let first = [open("ann"), deposit("ann", 9), withdraw("ann", 2)];
    for (key, request) in ["a", "any text: ü, too", "c"].into_iter().zip(first) {
        assert_eq!(bank.send(request.key(key)).await.body["duplicate"], false);
    }
    let mut bank = bank;
    for restarted in [false, true] {
        if restarted {
            bank.kill();
            bank = Server::start(&db);
        }
        let again = [open("ann"), deposit("ann", 9), withdraw("ann", 2)];
        for (at, (key, request)) in (1..).zip(["a", "any text: ü, too", "c"].into_iter().zip(again)) {
            let reply = bank.send(request.key(key)).await.expect(200);
            assert_eq!(reply.body, json!({ "version": at, "duplicate": true }));
            assert_eq!(reply.token(), format!("account/{at}/ann"));
        }
    }
    for other in [deposit("ann", 2), withdraw("ann", 3), close("ann"), open("ann")] {
        bank.send(other.key("c")).await.expect_error(422, "idempotency_key_reused");
    }
    // A key is an account's own.
    bank.send(open("bob").key("a")).await.expect(201);
    let write = bank.send(deposit("bob", 2).key("c")).await.expect(200);
    assert_eq!(write.body["duplicate"], false);
    // A refusal is not remembered: later, the same request may be done.
    bank.send(withdraw("ann", 8).key("d")).await.expect_error(422, "insufficient_funds");
    bank.send(deposit("ann", 1)).await.expect(200);
    let write = bank.send(withdraw("ann", 8).key("d")).await.expect(200);
    assert_eq!(seen_after(&bank, "ann", &write).await, balance("ann", 0));
}

#[tokio::test]
async fn transfers_move_money_or_leave_it() {
    let (_folder, _db, bank) = bank();
    for id in ["ann", "bob", "cid"] {
        bank.send(open(id)).await.expect(201);
    }
    bank.send(close("cid")).await.expect(200);
    bank.send(deposit("ann", 10)).await.expect(200);

    for repeated in [false, true] {
        let done = bank.send(transfer(1, "ann", "bob", 4)).await.expect(200);
        let id = Uuid::from_u128(1);
        assert_eq!(done.body, json!({ "id": id, "status": "completed", "duplicate": repeated }));
        assert_eq!(done.token(), "account/2/bob, account/4/ann");
        assert_eq!(seen_after(&bank, "bob", &done).await, balance("bob", 4));
        bank.send(transfer(2, "ann", "bob", 7)).await.expect_error(422, "insufficient_funds");
        let back = bank.send(transfer(3, "ann", "cid", 6)).await.expect_error(422, "account_closed");
        assert_eq!(seen_after(&bank, "ann", &back).await, balance("ann", 6));
    }
    let status = bank.send(transfer_status(1)).await.expect(200).body;
    let terms = json!({ "id": Uuid::from_u128(1), "from": "ann", "to": "bob", "amount": 4 });
    let mut wanted = terms.clone();
    wanted["status"] = json!("completed");
    wanted["reason"] = Value::Null;
    assert_eq!(status, wanted);
    let status = bank.send(transfer_status(3)).await.expect(200).body;
    assert_eq!([&status["status"], &status["reason"]], ["refused", "the account is closed"]);

    bank.send(transfer(1, "ann", "bob", 5)).await.expect_error(409, "transfer_id_taken");
    bank.send(transfer(4, "ann", "eve", 1)).await.expect_error(404, "unknown_account");
    bank.send(transfer(4, "eve", "ann", 1)).await.expect_error(404, "unknown_account");
    bank.send(transfer_status(4)).await.expect_error(404, "unknown_transfer");
}

#[tokio::test]
async fn amounts_end_where_u64_does() {
    let (_folder, _db, bank) = bank();
    for id in ["ann", "bob"] {
        bank.send(open(id)).await.expect(201);
        bank.send(deposit(id, u64::MAX)).await.expect(200);
        bank.send(deposit(id, 1)).await.expect_error(422, "balance_overflow");
    }
    let refused = bank.send(transfer(1, "ann", "bob", 1)).await.expect_error(422, "balance_overflow");
    for id in ["ann", "bob"] {
        assert_eq!(seen_after(&bank, id, &refused).await, balance(id, u64::MAX));
    }
}

#[tokio::test]
async fn what_makes_no_sense_is_refused_as_json() {
    let (_folder, _db, bank) = bank();
    bank.send(open("ann")).await.expect(201);
    let raw = |path: &str, body: &str| Request::new("POST", path).body(body, "application/json");
    let pay = "/accounts/ann/deposit";
    let long = "x".repeat(16 << 10);
    let token = |token: &str| get("/accounts/ann").header("x-read-token", token);
    let cases = [
        (raw(pay, r#"{"amount": 1"#), 400, "malformed_json"),
        (raw(pay, r#"{"amount": 0}"#), 400, "malformed_json"),
        (raw(pay, r#"{"amount": -1}"#), 400, "malformed_json"),
        (raw(pay, r#"{"amount": 1.5}"#), 400, "malformed_json"),
        (raw(pay, r#"{"amount": 18446744073709551616}"#), 400, "malformed_json"),
        (raw(pay, r#"{"amount": 1, "currency": "EUR"}"#), 400, "malformed_json"),
        (raw(pay, ""), 400, "malformed_json"),
        (raw("/accounts/bob", "{}"), 400, "malformed_json"),
        (raw("/transfers", r#"{"id": "1", "from": "ann", "to": "ann", "amount": 1}"#), 400, "malformed_json"),
        (transfer(1, "ann", "b/b", 1), 400, "malformed_json"),
        (transfer(1, "ann", "ann", 0), 400, "malformed_json"),
        (Request::new("POST", pay).body(r#"{"amount": 1}"#, "text/plain"), 415, "unsupported_media_type"),
        (post("/accounts/bob", json!({ "owner": long })), 413, "too_large"),
        (get("/accounts/a%2Fb"), 400, "malformed_path"),
        (get("/accounts/%FF"), 400, "malformed_path"),
        (get("/transfers/1"), 400, "malformed_path"),
        (get("/accounts/ann/history?from=x"), 400, "malformed_query"),
        (token("account"), 400, "malformed_read_token"),
        (token("account/x/ann"), 400, "malformed_read_token"),
        (token("account/1/ann, account"), 400, "malformed_read_token"),
        (deposit("ann", 1).header("x-correlation-id", &"x".repeat(201)), 400, "malformed_header"),
        (get("/accounts/eve"), 404, "unknown_account"),
        (get("/accounts/eve/history"), 404, "unknown_account"),
        (deposit("eve", 1), 404, "unknown_account"),
        (withdraw("eve", 1), 404, "unknown_account"),
        (close("eve"), 404, "unknown_account"),
        (get("/"), 404, "unknown_route"),
        (get("/accounts"), 404, "unknown_route"),
        (Request::new("PUT", "/accounts/ann"), 405, "method_not_allowed"),
    ];
    for (request, status, code) in cases {
        bank.send(request).await.expect_error(status, code);
    }
    // Nothing came of any of them.
    let history = bank.send(get("/accounts/ann/history")).await.expect(200).body;
    assert_eq!(history["events"].as_array().unwrap().len(), 1);
    bank.send(get("/accounts/bob")).await.expect_error(404, "unknown_account");
}

#[tokio::test]
async fn a_store_out_of_reach_is_a_503_that_says_how_to_go_on() {
    let (_folder, db, bank) = bank();
    bank.send(open("ann")).await.expect(201);
    // Somebody else writes to the file, for longer than the store is ready to wait.
    let mut other = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(&db)).await.unwrap();
    let lock = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    let refused = bank.send(deposit("ann", 3)).await.expect_error(503, "unavailable");
    assert_eq!(refused.header("retry-after"), Some("1"));
    let key = refused.body["idempotency_key"].as_str().unwrap();
    lock.rollback().await.unwrap();
    for repeated in [false, true] {
        let write = bank.send(deposit("ann", 3).key(key)).await.expect(200);
        assert_eq!(write.body["duplicate"], repeated);
        assert_eq!(seen_after(&bank, "ann", &write).await, balance("ann", 3));
    }
}

#[tokio::test]
async fn everything_is_there_after_a_restart() {
    let (_folder, db, bank) = bank();
    for id in ["ann", "bob"] {
        bank.send(open(id)).await.expect(201);
        bank.send(deposit(id, 10)).await.expect(200);
    }
    let done = bank.send(transfer(1, "ann", "bob", 4)).await.expect(200);
    let history = bank.send(get("/accounts/ann/history")).await.body;
    let mut bank = bank;
    for signal in ["INT", "TERM"] {
        let status = bank.end(signal);
        assert!(status.success(), "{signal}: {status}");
        bank = Server::start(&db);
        assert_eq!(bank.ended, 0);
    }
    assert_eq!(seen_after(&bank, "ann", &done).await, balance("ann", 6));
    assert_eq!(seen_after(&bank, "bob", &done).await, balance("bob", 14));
    assert_eq!(bank.send(get("/accounts/ann/history")).await.body, history);
    assert_eq!(bank.send(transfer_status(1)).await.body["status"], "completed");
    bank.send(open("ann")).await.expect_error(409, "already_open");
}
