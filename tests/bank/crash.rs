//! The bank is killed in the midst of transfers, again and again.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{sync::mpsc, task::JoinSet};

use super::{bank, client::get, close, deposit, open, server::Server, transfer, transfer_status};

const ACCOUNTS: [&str; 6] = ["a", "b", "c", "d", "e", "f"];
const EACH: u64 = 1000;
const ALL: i128 = EACH as i128 * ACCOUNTS.len() as i128;
const CLIENTS: usize = 24;
/// So many transfers have to be caught between two steps before the test is content.
const CAUGHT: usize = 100;

/// The terms of transfer `id`: some more than there is, some to an account that is closed.
fn terms(id: u64) -> (&'static str, &'static str, u64) {
    let from = ACCOUNTS[id as usize % ACCOUNTS.len()];
    let to = ACCOUNTS[(id / 7) as usize % ACCOUNTS.len()];
    let amount = 1 + id * 37 % 700;
    (from, if id.is_multiple_of(5) { "closed" } else { to }, amount)
}

/// Sends one transfer after the other until nobody listens, and reports each, before it is sent and when there
/// is a reply.
async fn client(
    address: SocketAddr,
    next: Arc<AtomicU64>,
    report: mpsc::UnboundedSender<(u64, Option<u16>)>,
) {
    loop {
        let id = next.fetch_add(1, Ordering::Relaxed);
        report.send((id, None)).unwrap();
        let (from, to, amount) = terms(id);
        let Ok(reply) = transfer(id.into(), from, to, amount).send(address).await else { return };
        report.send((id, Some(reply.status))).unwrap();
    }
}

/// What a transfer's status says, as the status of the reply that says the same.
async fn ending(bank: &Server, id: u64) -> Option<u16> {
    let reply = bank.send(transfer_status(id.into())).await;
    match (reply.status, reply.body["status"].as_str()) {
        (404, _) => None,
        (200, Some("completed")) => Some(200),
        (200, Some("refused")) => Some(422),
        _ => panic!("transfer {id} has not ended: {reply:?}"),
    }
}

/// All the money there is, as the stored events have it. The views, once they show all of those, agree.
async fn money(bank: &Server) -> i128 {
    let mut sum = 0;
    for id in ACCOUNTS {
        let (mut balance, mut held, mut last, mut from) = (0, 0, 0, Some(1));
        while let Some(at) = from {
            let page = bank.send(get(&format!("/accounts/{id}/history?from={at}"))).await.expect(200).body;
            for event in page["events"].as_array().unwrap() {
                last += 1;
                assert_eq!(event["sequence"], last, "{id}");
                let amount = event["fields"]["amount"].as_i64().map_or(0, i128::from);
                let (to_balance, to_held) = match event["name"].as_str().unwrap() {
                    "account.deposited" | "account.received" => (amount, 0),
                    "account.held" => (-amount, amount),
                    "account.settled" => (0, -amount),
                    "account.released" => (amount, -amount),
                    _ => (0, 0),
                };
                balance += to_balance;
                held += to_held;
                assert!(balance >= 0 && held >= 0, "{id} has {balance}, and {held} on hold, after {event}");
            }
            from = page["next"].as_u64();
        }
        assert_eq!(held, 0, "{id}");
        let view = get(&format!("/accounts/{id}")).header("x-read-token", &format!("account/{last}/{id}"));
        let view = bank.send(view).await.expect(200).body;
        assert_eq!(
            (view["balance"].as_i64().map(i128::from), &view["held"]),
            (Some(balance), &0.into()),
            "{id}"
        );
        sum += balance;
    }
    sum
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn money_is_neither_lost_nor_invented() {
    let (_folder, db, mut bank) = bank();
    for id in ACCOUNTS {
        bank.send(open(id)).await.expect(201);
        bank.send(deposit(id, EACH)).await.expect(200);
    }
    bank.send(open("closed")).await.expect(201);
    bank.send(close("closed")).await.expect(200);

    let next = Arc::new(AtomicU64::new(1));
    let (mut caught, mut endings) = (0, HashMap::new());
    for round in 0..30 {
        let (report, mut reports) = mpsc::unbounded_channel();
        let mut clients = JoinSet::new();
        for _ in 0..CLIENTS {
            clients.spawn(client(bank.address, next.clone(), report.clone()));
        }
        drop(report);
        let (mut sent, mut replies) = (Vec::new(), HashMap::new());
        while let Some((id, reply)) = reports.recv().await {
            match reply {
                None => sent.push(id),
                Some(status) => drop(replies.insert(id, status)),
            }
            if replies.len() == 10 + round {
                bank.kill();
            }
        }
        clients.join_all().await;

        bank = Server::start(&db);
        caught += bank.ended;
        assert_eq!(money(&bank).await, ALL, "round {round}");
        for id in sent {
            let ended = ending(&bank, id).await;
            if let Some(status) = replies.get(&id) {
                assert_eq!(ended, Some(*status), "what the reply to transfer {id} said is not so");
            }
            endings.insert(id, ended);
        }
        if caught >= CAUGHT {
            break;
        }
    }
    println!("{caught} transfers were caught between two steps, of {}", endings.len());
    assert!(caught >= CAUGHT, "only {caught} transfers were caught between two steps");
    assert!(endings.values().any(|ended| *ended == Some(200)) && endings.values().any(|e| *e == Some(422)));

    // Whoever got no reply sends the transfer again; what has ended ends the same way.
    for (id, ended) in endings {
        let (from, to, amount) = terms(id);
        let status = bank.send(transfer(id.into(), from, to, amount)).await.status;
        assert_eq!(ended.unwrap_or(status), status, "transfer {id}");
    }
    assert_eq!(money(&bank).await, ALL);
}
