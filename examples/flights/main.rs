//! Flights that departed from New York, one command after the other: each row of a CSV file makes its aircraft
//! depart and arrive, and views by carrier, route and aircraft follow while that happens.
//!
//! `cargo run --release --example flights` takes the first three days of 2013; `-- --help` says how to give it
//! a whole year. Run it again on the same database, or after it was killed, and nothing is done twice. With
//! `--rebuild`, the views are built anew meanwhile.

mod aircraft;
mod input;
mod load;
#[path = "../shared/place.rs"]
mod place;
mod progress;
mod rebuild;
mod report;
mod views;

use std::{
    error::Error,
    path::PathBuf,
    process::ExitCode,
    sync::Arc,
    time::{Duration, Instant},
};

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use event_sourcing::{listener::RebuildError, prelude::*};
use tokio::task::JoinHandle;

use crate::{
    aircraft::Aircraft,
    input::Rows,
    place::Place,
    progress::Progress,
    report::Report,
    views::{ByCarrier, ByRoute, Logs},
};

/// How long the views may take to show the last event once all commands are done.
const PATIENCE: Duration = Duration::from_secs(600);

fn arguments() -> Command {
    let path = || value_parser!(PathBuf);
    Command::new("flights")
        .about("Flights as commands, by carrier, route and aircraft as views")
        .args([
            Arg::new("input")
                .long("input")
                .value_name("FILE")
                .value_parser(path())
                .help("The flights, as .csv or .csv.gz; without it, a sample of three days"),
            Arg::new("db")
                .long("db")
                .value_name("FILE")
                .value_parser(path())
                .help("The SQLite file for events and views; without it, one that is deleted at the end"),
            Arg::new("json")
                .long("json")
                .action(ArgAction::SetTrue)
                .help("Print the result as one line of JSON instead of a table"),
            Arg::new("rebuild")
                .long("rebuild")
                .action(ArgAction::SetTrue)
                .help("Also build all views anew, while commands go on, and write to stderr how far that is"),
            Arg::new("report-every")
                .long("report-every")
                .value_name("COMMANDS")
                .value_parser(value_parser!(u64).range(1..))
                .help("Also write a line to stderr each time so many commands are done"),
        ])
        .args(place::arguments())
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(&arguments().get_matches()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run(arguments: &ArgMatches) -> Result<(), Box<dyn Error>> {
    let path = |name| arguments.get_one::<PathBuf>(name).map(PathBuf::as_path);
    // First of all, so that a wrong name makes no database.
    let (input, size) = input::open(path("input"))?;
    let progress = Arc::new(Progress::new(size, arguments.get_one("report-every").copied()));
    let rows = Rows::new(progress.watch(input))?;
    let folder = tempfile::tempdir()?;
    let db = folder.path().join("flights.db");
    let place = Place::open(arguments, path("db").unwrap_or(&db), "flights", &[Aircraft::CATEGORY]).await?;
    let app = start(&place).await?;

    let rebuilt = arguments.get_flag("rebuild").then(|| tokio::spawn(rebuild::rebuild(app.clone())));
    let started = Instant::now();
    let loaded = load::load(&app, rows, &progress).await;
    let seconds = started.elapsed().as_secs_f64();
    progress.finish();
    let reported = match loaded {
        Ok(()) => report(&app, &progress, seconds, rebuilt).await,
        Err(error) => Err(error.into()),
    };
    app.shutdown().await;
    place.close().await?;
    let report = reported?;
    if arguments.get_flag("json") {
        println!("{}", serde_json::to_string(&report)?);
    } else {
        println!("{report}");
    }
    Ok(())
}

async fn start(place: &Place) -> Result<App, Box<dyn Error>> {
    let app = place.project(place.app(), ByCarrier)?;
    let app = place.project(app, ByRoute)?;
    Ok(place.project(app, Logs)?.start().await?)
}

async fn report(
    app: &App,
    progress: &Progress,
    seconds: f64,
    rebuilt: Option<JoinHandle<Result<(), RebuildError>>>,
) -> Result<Report, Box<dyn Error>> {
    if let Some(rebuilt) = rebuilt {
        rebuilt.await??;
    }
    let caught_up = match app.caught_up(PATIENCE).await {
        Ok(()) => true,
        Err(QueryError::Behind { .. }) => false,
        Err(error) => return Err(error.into()),
    };
    Ok(Report::of(app, progress.counted(), seconds, caught_up).await?)
}
