//! A recorder that keeps what it is told.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
    },
};

use metrics::{Counter, Gauge, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit};

#[derive(Clone, Default)]
pub struct Kept(Arc<Mutex<State>>);

#[derive(Default)]
struct State {
    numbers: BTreeMap<String, Arc<AtomicU64>>,
    times: BTreeMap<String, Arc<Times>>,
    units: BTreeMap<String, Unit>,
}

#[derive(Default)]
pub struct Times(Mutex<Vec<f64>>);

impl HistogramFn for Times {
    fn record(&self, value: f64) {
        self.0.lock().unwrap().push(value);
    }
}

impl Kept {
    /// The names of all metrics that were made, and the units of all that were described.
    pub fn names(&self) -> (Vec<String>, BTreeMap<String, Unit>) {
        let state = self.0.lock().unwrap();
        let mut names: Vec<_> = state.numbers.keys().chain(state.times.keys()).cloned().collect();
        names.sort();
        (names, state.units.clone())
    }
    pub fn count(&self, name: &str) -> u64 {
        self.0.lock().unwrap().numbers[name].load(Ordering::SeqCst)
    }
    pub fn gauge(&self, name: &str) -> f64 {
        f64::from_bits(self.count(name))
    }
    pub fn times(&self, name: &str) -> Vec<f64> {
        self.0.lock().unwrap().times[name].0.lock().unwrap().clone()
    }
    fn number(&self, key: &Key) -> Arc<AtomicU64> {
        self.0.lock().unwrap().numbers.entry(key.name().to_owned()).or_default().clone()
    }
    fn describe(&self, key: KeyName, unit: Option<Unit>) {
        self.0.lock().unwrap().units.insert(key.as_str().to_owned(), unit.unwrap());
    }
}

impl Recorder for Kept {
    fn describe_counter(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }
    fn describe_gauge(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }
    fn describe_histogram(&self, key: KeyName, unit: Option<Unit>, _: SharedString) {
        self.describe(key, unit);
    }
    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        Counter::from_arc(self.number(key))
    }
    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        Gauge::from_arc(self.number(key))
    }
    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        Histogram::from_arc(self.0.lock().unwrap().times.entry(key.name().to_owned()).or_default().clone())
    }
}
