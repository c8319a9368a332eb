//! Flights from a file, as `examples/flights` takes them, against the same flights counted without the framework.
//!
//! Runs on the example's own sample. To compare a whole year too, name the file, and build for release:
//!
//! ```sh
//! cargo build --release --all-features --example flights
//! FLIGHTS_CSV=flights.csv.gz cargo test --release --all-features --test main flights
//! ```

#[path = "../examples/flights/aircraft.rs"]
#[allow(dead_code, reason = "only what is refused is tested here")]
mod aircraft;
mod count;
mod example;
mod kill;

use std::{
    io::Write,
    path::{Path, PathBuf},
};

use aircraft::{Aircraft, AircraftError, Arrive, Depart, Divert, Flight};
use count::Count;
use event_sourcing::prelude::*;
use example::Example;
use serde_json::{Value, json};

fn sample() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/flights/first_three_days.csv.gz")
}

/// Every number in `report` that comes from a view is the one that was counted.
fn assert_agrees(report: &Value, count: &Count) {
    assert_eq!(report["projection_caught_up"], json!(true));
    assert_eq!(report["rows"], json!(count.rows));
    assert_eq!(report["rejected"], json!({ "no_tail_number": count.no_tail_number }));
    assert_eq!(report["aircraft"], json!(count.aircraft.len()));
    assert_eq!(report["commands"], json!(count.commands()));
    count::assert_same(&report["aircraft_logs"], &count.aircraft);
    count::assert_same(&report["carriers"], &count.carriers);
    count::assert_same(&report["routes"], &count.routes);
}

#[test]
fn views_agree_with_a_count_and_running_again_changes_nothing() {
    // Of the sample, by awk.
    let count = Count::of(&sample());
    assert_eq!((count.rows, count.no_tail_number, count.aircraft.len()), (2699, 4, 1351));
    assert_eq!(
        (count.commands(), count.carriers.len(), count.routes.len()),
        (2677 + 2659 + 18 + 18, 15, 180)
    );

    for input in [Some(sample()), std::env::var_os("FLIGHTS_CSV").map(PathBuf::from)].into_iter().flatten() {
        let folder = tempfile::tempdir().unwrap();
        let db = folder.path().join("flights.db");
        let count = Count::of(&input);
        let first = Example::new(&db).input(&input).report();
        assert_agrees(&first, &count);
        assert_eq!((&first["events"], &first["duplicates"]), (&first["commands"], &json!(0)));
        if count.rows == 2699 {
            let carrier = json!({ "departed": 491, "arrived": 489, "cancelled": 0, "diverted": 2 });
            for (name, number) in carrier.as_object().unwrap() {
                assert_eq!(first["carriers"]["UA"][name], *number, "{name}");
            }
            let route = json!({ "departed": 32, "arrived": 32, "cancelled": 0, "diverted": 0,
                "mean_dep_delay": 137.0 / 32.0, "mean_arr_delay": 429.0 / 32.0 });
            assert_eq!(first["routes"]["EWR-IAH"], route);
        }

        let again = Example::new(&db).input(&input).report();
        assert_agrees(&again, &count);
        assert_eq!((&again["events"], &again["duplicates"]), (&json!(0), &first["commands"]));
    }
}

#[test]
fn a_configuration_says_where_everything_is() {
    let folder = tempfile::tempdir().unwrap();
    let [file, events, views] = ["f.toml", "events.db", "views.db"].map(|name| folder.path().join(name));
    let text = format!(
        "store = {{ kind = \"sqlite\", sqlite.file = {events:?} }}
         views = {{ kind = \"sqlite\", sqlite.file = \"nowhere/views.db\" }}"
    );
    std::fs::write(&file, text).unwrap();
    let mut command = Example::configured(&file).input(&sample()).into_command();
    let output = command.env("EVENT_SOURCING__VIEWS__SQLITE__FILE", &views).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let report = serde_json::from_slice(&output.stdout).unwrap();
    assert_agrees(&report, &Count::of(&sample()));
    assert!(events.exists() && views.exists());
    // Both at once could only contradict each other.
    let output = Example::configured(&file).into_command().arg("--pipeline").output().unwrap();
    let told = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && told.contains("cannot be used with"), "{told}");
}

/// Views built anew, while they are first filled and afterwards, are what they were.
#[test]
fn rebuilt_views_are_the_same() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("flights.db");
    let count = Count::of(&sample());
    for run in 1..=2 {
        let (report, told) = Example::new(&db).input(&sample()).rebuild().report_and_stderr();
        assert_agrees(&report, &count);
        for view in ["traffic_by_carrier", "traffic_by_route", "aircraft_logs"] {
            let line = told.lines().find(|line| line.starts_with(&format!("rebuilt {view}: ")));
            assert!(line.is_some_and(|line| line.contains(", 0 of ")), "run {run}: {told}");
        }
    }
}

/// What it does without arguments: the sample, into a file of its own, as a table.
#[test]
fn without_arguments_it_takes_its_sample_and_prints_a_table() {
    let output = Example::plain().output();
    assert!(output.status.success(), "{output:?}");
    let table = String::from_utf8(output.stdout).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let lines: Vec<_> = table.lines().map(words).collect();
    let count = Count::of(&sample());
    for (carrier, traffic) in &count.carriers {
        let numbers = [traffic.departed, traffic.arrived, traffic.cancelled, traffic.diverted];
        let line = lines.iter().find(|line| line.first() == Some(carrier)).unwrap();
        assert_eq!(line[1..5], numbers.map(|number| number.to_string()), "{carrier}");
    }
    assert!(table.contains("1351 aircraft, 15 carriers, 180 routes"), "{table}");
    assert!(table.contains("2699 rows, 4 of them without a tail number"), "{table}");
}

const HEADER: &str = "dep_time,dep_delay,arr_delay,carrier,flight,tailnum,origin,dest,distance";
const GOOD: &str = "517,2,11,UA,1545,N14228,EWR,IAH,1400";

/// Writes `text` to a file.
fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::File::create(&path).and_then(|mut file| file.write_all(text.as_ref())).unwrap();
    path
}

/// The error says where and what is wrong; what came before it is kept, and is not done again once the row is
/// right.
#[test]
fn a_malformed_row_is_named_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let cases: [(&str, &[&str]); 5] = [
        ("533,soon,20,UA,1714,N24211,LGA,IAH,1416", &["line 3, column `dep_delay`: `soon`", "whole number"]),
        ("533,NA,20,UA,1714,N24211,LGA,IAH,1416", &["line 3, column `dep_delay`: `NA`", "whole number"]),
        ("533,4,20,,1714,N24211,LGA,IAH,1416", &["line 3, column `carrier`: ``", "a text"]),
        ("533,4,20,UA,1714,N24211,LGA,IAH", &["line 3 has 8 fields, the header has 9"]),
        ("533,4,20,UA,1714,N24211,LGA,IAH,-1", &["line 3, column `distance`: `-1`", "whole number"]),
    ];
    for (at, (bad, words)) in cases.iter().enumerate() {
        let db = folder.path().join(format!("{at}.db"));
        let input = file(folder.path(), "bad.csv", format!("{HEADER}\n{GOOD}\n{bad}\n{GOOD}\n"));
        let output = Example::new(&db).input(&input).output();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(output.stdout.is_empty());
        assert!(words.iter().all(|word| error.contains(word)), "{error}");

        let right = "533,4,20,UA,1714,N24211,LGA,IAH,1416";
        let input = file(folder.path(), "good.csv", format!("{HEADER}\n{GOOD}\n{right}\n{GOOD}\n"));
        let report = Example::new(&db).input(&input).report();
        assert_eq!((&report["events"], &report["duplicates"]), (&json!(4), &json!(2)), "{bad}");
        assert_agrees(&report, &Count::of(&input));
    }
}

#[test]
fn rows_without_a_tail_number_are_counted_and_cancelled_and_diverted_flights_told_apart() {
    let folder = tempfile::tempdir().unwrap();
    let rows = [
        "NA,NA,NA,UA,1,NA,EWR,IAH,1400",
        "517,2,11,UA,2,,EWR,IAH,1400",
        "NA,NA,NA,UA,3,N1,EWR,IAH,1400",
        "517,-2,NA,UA,4,N1,EWR,IAH,1400",
    ];
    let input = file(folder.path(), "mixed.csv", format!("{HEADER}\n{}\n", rows.join("\n")));
    let report = Example::new(&folder.path().join("mixed.db")).input(&input).report();
    assert_eq!((&report["rows"], &report["rejected"]["no_tail_number"]), (&json!(4), &json!(2)));
    let line = json!({ "departed": 1, "arrived": 0, "cancelled": 1, "diverted": 1,
        "mean_dep_delay": -2.0, "mean_arr_delay": null });
    assert_eq!(
        (&report["carriers"], &report["routes"]),
        (&json!({ "UA": line }), &json!({ "EWR-IAH": line }))
    );
}

#[test]
fn what_is_no_flights_file_is_said_before_a_database_is_made() {
    let folder = tempfile::tempdir().unwrap();
    let db = folder.path().join("flights.db");
    let missing = folder.path().join("missing.csv");
    let other = file(folder.path(), "other.csv", "name,age\nAnn,7\n");
    let cut = file(folder.path(), "cut.csv.gz", &std::fs::read(sample()).unwrap()[..9]);
    for (input, words) in
        [(missing, "missing.csv"), (other, "no column `dep_time`"), (cut, "line 1 cannot be read")]
    {
        let output = Example::new(&db).input(&input).output();
        let error = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{error}");
        assert!(error.contains(words), "{error}");
        assert!(!db.exists());
    }
}

/// The file does not contradict itself, so this is asked of the aircraft directly.
#[tokio::test]
async fn an_aircraft_in_the_air_cannot_depart_and_one_on_the_ground_cannot_land() {
    let app = App::builder(MemoryEventStore::new()).start().await.unwrap();
    let tail = "N14228".to_owned();
    let flight = || Flight {
        carrier: "UA".to_owned(),
        number: 1545,
        origin: "EWR".to_owned(),
        destination: "IAH".to_owned(),
        miles: 1400,
    };
    let on_the_ground = |refused| matches!(refused, ExecuteError::Rejected(AircraftError::OnTheGround));
    assert!(on_the_ground(app.execute(&tail, Arrive { delay: 0 }).await.unwrap_err()));
    assert!(on_the_ground(app.execute(&tail, Divert).await.unwrap_err()));
    app.execute(&tail, Depart { flight: flight(), delay: 0 }).await.unwrap();
    let refused = app.execute(&tail, Depart { flight: flight(), delay: 9 }).await.unwrap_err();
    assert_eq!(refused.to_string(), "it is in the air, from EWR to IAH, and cannot depart");
    app.execute(&tail, Arrive { delay: 0 }).await.unwrap();
    app.execute(&tail, Depart { flight: flight(), delay: 9 }).await.unwrap();
    app.execute(&tail, Divert).await.unwrap();
    assert_eq!(app.load::<Aircraft>(&tail).await.unwrap().version, 4);
}
