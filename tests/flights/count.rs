//! The same flights counted from the file, without anything of the framework.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    fmt::Debug,
    fs::File,
    io::Read,
    path::Path,
};

use flate2::read::MultiGzDecoder;
use serde_json::{Value, json};

#[derive(Debug, Default)]
pub struct Count {
    pub rows: u64,
    pub no_tail_number: u64,
    pub aircraft: BTreeMap<String, Log>,
    pub carriers: BTreeMap<String, Traffic>,
    pub routes: BTreeMap<String, Traffic>,
}

/// One aircraft's year.
#[derive(Debug, Default)]
pub struct Log {
    flights: u64,
    miles: u64,
    last_airport: Option<String>,
}

#[derive(Debug, Default)]
pub struct Traffic {
    pub departed: u64,
    pub arrived: u64,
    pub cancelled: u64,
    pub diverted: u64,
    departure_delay: i64,
    arrival_delay: i64,
}

impl Count {
    pub fn of(path: &Path) -> Self {
        let file = File::open(path).unwrap();
        let plain: Box<dyn Read> = match path.extension().is_some_and(|extension| extension == "gz") {
            true => Box::new(MultiGzDecoder::new(file)),
            false => Box::new(file),
        };
        let mut count = Self::default();
        for row in csv::Reader::from_reader(plain).into_deserialize::<HashMap<String, String>>() {
            count.row(&row.unwrap());
        }
        count
    }

    fn row(&mut self, row: &HashMap<String, String>) {
        self.rows += 1;
        if matches!(row["tailnum"].as_str(), "" | "NA") {
            self.no_tail_number += 1;
            return;
        }
        self.aircraft.entry(row["tailnum"].clone()).or_default().row(row);
        self.carriers.entry(row["carrier"].clone()).or_default().row(row);
        self.routes.entry(format!("{}-{}", row["origin"], row["dest"])).or_default().row(row);
    }

    /// One for each cancelled flight, two for each that departed.
    pub fn commands(&self) -> u64 {
        self.carriers.values().map(|traffic| traffic.cancelled + 2 * traffic.departed).sum()
    }
}

impl Log {
    fn row(&mut self, row: &HashMap<String, String>) {
        if row["dep_time"] == "NA" {
            return;
        }
        self.flights += 1;
        self.last_airport = Some(row["origin"].clone());
        if row["arr_delay"] != "NA" {
            self.miles += row["distance"].parse::<u64>().unwrap();
            self.last_airport = Some(row["dest"].clone());
        }
    }
}

impl Traffic {
    fn row(&mut self, row: &HashMap<String, String>) {
        if row["dep_time"] == "NA" {
            self.cancelled += 1;
            return;
        }
        self.departed += 1;
        self.departure_delay += row["dep_delay"].parse::<i64>().unwrap();
        match row["arr_delay"].as_str() {
            "NA" => self.diverted += 1,
            delay => {
                self.arrived += 1;
                self.arrival_delay += delay.parse::<i64>().unwrap();
            }
        }
    }
}

/// What is counted, and reported as one line of JSON.
pub trait Counted: Debug {
    fn is(&self, reported: &Value) -> bool;
}

/// Panics with the lines of `reported` that differ from what was counted.
pub fn assert_same<C: Counted>(reported: &Value, counted: &BTreeMap<String, C>) {
    let reported = reported.as_object().unwrap();
    let keys: BTreeSet<&String> = reported.keys().chain(counted.keys()).collect();
    let line = |key| (reported.get(key), counted.get(key));
    let same = |(reported, counted): &(Option<&Value>, Option<&C>)| {
        reported.zip(*counted).is_some_and(|(reported, counted)| counted.is(reported))
    };
    let differ: Vec<_> = keys.into_iter().map(line).filter(|line| !same(line)).collect();
    assert!(differ.is_empty(), "(reported, counted): {differ:#?}");
}

impl Counted for Log {
    fn is(&self, reported: &Value) -> bool {
        let Self { flights, miles, last_airport } = self;
        *reported == json!({ "flights": flights, "miles": miles, "last_airport": last_airport })
    }
}

impl Counted for Traffic {
    fn is(&self, reported: &Value) -> bool {
        let counts = [
            ("departed", self.departed),
            ("arrived", self.arrived),
            ("cancelled", self.cancelled),
            ("diverted", self.diverted),
        ];
        let means = [
            ("mean_dep_delay", self.departure_delay, self.departed),
            ("mean_arr_delay", self.arrival_delay, self.arrived),
        ];
        counts.iter().all(|(name, count)| reported[name] == *count)
            && means.iter().all(|(name, sum, count)| match reported[name].as_f64() {
                // A number read from JSON may differ in its last bit.
                Some(mean) => (mean * *count as f64 - *sum as f64).abs() < 1e-6,
                None => reported[name].is_null() && *count == 0,
            })
    }
}
