//! Accounts over HTTP: deposits, withdrawals, and transfers that survive a crash at any step.
//!
//! ```sh
//! cargo run --example bank -- --db bank.db --listen 127.0.0.1:3000
//! curl -d '{"owner": "Ann"}' -H 'content-type: application/json' http://127.0.0.1:3000/accounts/ann
//! ```
//!
//! | | |
//! |---|---|
//! | `POST /accounts/{id}` | opens it, for an `owner` |
//! | `GET /accounts/{id}` | its balance; with `x-read-token`, one that shows what gave the token |
//! | `POST /accounts/{id}/deposit`, `../withdraw` | an `amount` |
//! | `POST /accounts/{id}/close` | closes an empty one |
//! | `GET /accounts/{id}/history` | its events |
//! | `POST /transfers`, `GET /transfers/{id}` | from one account to another |
//!
//! A `POST` with an `idempotency-key` can be sent again; its answer has an `x-read-token`.

#![allow(unreachable_pub, reason = "what is copied into a crate of its own says `pub`")]

mod account;
mod error;
mod hold;
mod http;
#[path = "../shared/place.rs"]
mod place;
mod request;
mod transfer;
mod views;

use clap::{Arg, Command};
use event_sourcing::prelude::*;
use std::{error::Error, io, time::Duration};
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
    sync::watch,
};

use place::Place;
use views::{Balances, OpenTransfers};

/// How long those who wait for answers may take at the end. What is cut off then is as after a crash.
const PATIENCE: Duration = Duration::from_secs(20);
/// How often open transfers are looked for, beside at start.
const SWEEP: Duration = Duration::from_secs(60);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments = arguments().get_matches();
    let argument = |name| arguments.get_one::<String>(name).map_or("", String::as_str);

    let categories = [account::Account::CATEGORY, transfer::Transfer::CATEGORY];
    let place = Place::open(&arguments, argument("db").as_ref(), "bank", &categories).await?;
    let app = place.project(place.app(), Balances)?;
    let app = place.project(app, OpenTransfers)?.start().await?;
    let listener = TcpListener::bind(argument("listen")).await?;

    // What the last process left. The views may be behind what it stored, and have to show all of it first.
    app.caught_up(Duration::from_secs(60)).await?;
    let ended = transfer::drive_open(&app).await?;

    let asked = asked_to_end()?;
    println!("listening on http://{}", listener.local_addr()?);
    println!("{ended} transfers were open and have ended");
    let sweep = tokio::spawn(sweep(app.clone()));
    let (is_asked, mut is_late) = watch::channel(false);
    let asked = async move {
        asked.await;
        is_asked.send_replace(true);
    };
    // Whoever has asked does not wait for a client that stays for ever.
    let late = async {
        let _ = is_late.wait_for(|asked| *asked).await;
        tokio::time::sleep(PATIENCE).await;
    };
    let serve = async {
        axum::serve(listener, http::router(app.clone())).with_graceful_shutdown(asked).await?;
        app.shutdown().await;
        io::Result::Ok(())
    };
    tokio::select! {
        served = serve => served?,
        () = late => eprintln!("not all had ended after {PATIENCE:?}"),
    }
    sweep.abort();
    place.close().await
}

/// While this process lives, only a store out of reach leaves a transfer open.
async fn sweep(app: App) {
    loop {
        tokio::time::sleep(SWEEP).await;
        if let Err(error) = transfer::drive_open(&app).await {
            eprintln!("open transfers could not be looked for: {error}");
        }
    }
}

/// Ends when the process is asked to, by a person or by what runs it; from this call on, it does not die of that.
fn asked_to_end() -> io::Result<impl Future<Output = ()>> {
    let (mut interrupted, mut terminated) =
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?);
    Ok(async move {
        tokio::select! {
            _ = interrupted.recv() => {}
            _ = terminated.recv() => {}
        }
    })
}

fn arguments() -> Command {
    let db = Arg::new("db").long("db").value_name("FILE").default_value("bank.db");
    let listen = Arg::new("listen").long("listen").value_name("ADDRESS").default_value("127.0.0.1:3000");
    Command::new("bank")
        .about("Accounts over HTTP")
        .arg(db.help("The SQLite file, of events and views unless these are elsewhere"))
        .arg(listen.help("Where to listen; with port 0, some free one, which is printed"))
        .args(place::arguments())
}
