//! The read side: traffic by carrier and by route over all aircraft, and each aircraft's log.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

use crate::aircraft::{AircraftId, Arrived, Cancelled, Departed, Diverted, Flight};

/// What happened to flights. Delays are sums: events of different aircraft come in any order, and integers
/// add up to the same in each.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Traffic {
    pub(crate) departed: u64,
    pub(crate) arrived: u64,
    pub(crate) cancelled: u64,
    pub(crate) diverted: u64,
    departure_delays: i64,
    arrival_delays: i64,
}

impl Traffic {
    /// In minutes, of the flights that departed.
    pub(crate) fn mean_departure_delay(&self) -> Option<f64> {
        mean(self.departure_delays, self.departed)
    }

    /// In minutes, of the flights that arrived.
    pub(crate) fn mean_arrival_delay(&self) -> Option<f64> {
        mean(self.arrival_delays, self.arrived)
    }

    fn depart(&mut self, e: &Departed) {
        self.departed += 1;
        self.departure_delays += i64::from(e.delay);
    }

    fn arrive(&mut self, e: &Arrived) {
        self.arrived += 1;
        self.arrival_delays += i64::from(e.delay);
    }

    fn divert(&mut self, _: &Diverted) {
        self.diverted += 1;
    }

    fn cancel(&mut self, _: &Cancelled) {
        self.cancelled += 1;
    }
}

fn mean(sum: i64, count: u64) -> Option<f64> {
    (count > 0).then(|| sum as f64 / count as f64)
}

pub(crate) struct ByCarrier;
#[projection("traffic_by_carrier", view = Traffic, key = str)]
impl ByCarrier {
    #[on(key = e.flight.carrier)]
    fn departed(view: &mut Traffic, e: &Departed) {
        view.depart(e);
    }
    #[on(key = e.flight.carrier)]
    fn arrived(view: &mut Traffic, e: &Arrived) {
        view.arrive(e);
    }
    #[on(key = e.flight.carrier)]
    fn diverted(view: &mut Traffic, e: &Diverted) {
        view.divert(e);
    }
    #[on(key = e.flight.carrier)]
    fn cancelled(view: &mut Traffic, e: &Cancelled) {
        view.cancel(e);
    }
}

pub(crate) struct ByRoute;
#[projection("traffic_by_route", view = Traffic, key = str)]
impl ByRoute {
    #[on(key = route(&e.flight))]
    fn departed(view: &mut Traffic, e: &Departed) {
        view.depart(e);
    }
    #[on(key = route(&e.flight))]
    fn arrived(view: &mut Traffic, e: &Arrived) {
        view.arrive(e);
    }
    #[on(key = route(&e.flight))]
    fn diverted(view: &mut Traffic, e: &Diverted) {
        view.divert(e);
    }
    #[on(key = route(&e.flight))]
    fn cancelled(view: &mut Traffic, e: &Cancelled) {
        view.cancel(e);
    }
}

fn route(flight: &Flight) -> String {
    format!("{}-{}", flight.origin, flight.destination)
}

/// What one aircraft did.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Log {
    /// That departed.
    pub(crate) flights: u64,
    /// Of the flights that arrived: nobody says where a diverted one landed.
    pub(crate) miles: u64,
    /// Where it was last seen.
    pub(crate) last_airport: Option<String>,
}

pub(crate) struct Logs;
#[projection("aircraft_logs", view = Log, key = AircraftId)]
impl Logs {
    fn departed(view: &mut Log, e: &Departed) {
        view.flights += 1;
        view.last_airport = Some(e.flight.origin.clone());
    }
    fn arrived(view: &mut Log, e: &Arrived) {
        view.miles += u64::from(e.flight.miles);
        view.last_airport = Some(e.flight.destination.clone());
    }
    fn cancelled(_view: &mut Log, _: &Cancelled) {}
}

pub(crate) struct AllCarriers;
#[query_handler]
async fn all_carriers(
    views: &Views<ByCarrier>,
    _: &AllCarriers,
) -> Result<Vec<(String, Traffic)>, QueryError> {
    views.all().await
}

pub(crate) struct AllRoutes;
#[query_handler]
async fn all_routes(views: &Views<ByRoute>, _: &AllRoutes) -> Result<Vec<(String, Traffic)>, QueryError> {
    views.all().await
}

pub(crate) struct AllAircraft;
#[query_handler]
async fn all_aircraft(views: &Views<Logs>, _: &AllAircraft) -> Result<Vec<(AircraftId, Log)>, QueryError> {
    views.all().await
}
