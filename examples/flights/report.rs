//! What comes out at the end, as a table for people or as JSON for programs.

use std::{collections::BTreeMap, fmt};

use event_sourcing::prelude::*;
use serde::Serialize;

use crate::{
    progress::Counted,
    views::{AllAircraft, AllCarriers, AllRoutes, Log, Traffic},
};

/// How many routes and aircraft the table shows.
const SHOWN: usize = 10;

/// What one run did, and what the views show after it.
#[derive(Serialize)]
pub(crate) struct Report {
    rows: u64,
    commands: u64,
    events: u64,
    duplicates: u64,
    rejected: Rejected,
    aircraft: usize,
    aircraft_logs: BTreeMap<String, Log>,
    carriers: BTreeMap<String, Line>,
    routes: BTreeMap<String, Line>,
    commands_per_second: f64,
    projection_caught_up: bool,
}

/// Rows that became no commands.
#[derive(Serialize)]
struct Rejected {
    no_tail_number: u64,
}

/// One carrier or route.
#[derive(Serialize)]
struct Line {
    departed: u64,
    arrived: u64,
    cancelled: u64,
    diverted: u64,
    mean_dep_delay: Option<f64>,
    mean_arr_delay: Option<f64>,
}

impl From<Traffic> for Line {
    fn from(traffic: Traffic) -> Self {
        Self {
            departed: traffic.departed,
            arrived: traffic.arrived,
            cancelled: traffic.cancelled,
            diverted: traffic.diverted,
            mean_dep_delay: traffic.mean_departure_delay(),
            mean_arr_delay: traffic.mean_arrival_delay(),
        }
    }
}

impl Report {
    /// Asks the views.
    pub(crate) async fn of(
        app: &App,
        counted: Counted,
        seconds: f64,
        projection_caught_up: bool,
    ) -> Result<Self, QueryError> {
        let Counted { rows, no_tail_number, commands, events, duplicates } = counted;
        let aircraft_logs: BTreeMap<_, _> = app.query(AllAircraft).await?.into_iter().collect();
        let lines = |all: Vec<(String, Traffic)>| all.into_iter().map(|(key, t)| (key, t.into())).collect();
        Ok(Self {
            rows,
            commands,
            events,
            duplicates,
            rejected: Rejected { no_tail_number },
            aircraft: aircraft_logs.len(),
            aircraft_logs,
            carriers: lines(app.query(AllCarriers).await?),
            routes: lines(app.query(AllRoutes).await?),
            commands_per_second: commands as f64 / seconds,
            projection_caught_up,
        })
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut routes: Vec<_> = self.routes.iter().collect();
        routes.sort_by_key(|(_, line)| std::cmp::Reverse(line.departed));
        let mut aircraft: Vec<_> = self.aircraft_logs.iter().collect();
        aircraft.sort_by_key(|(_, log)| std::cmp::Reverse(log.miles));

        lines(f, "carrier", self.carriers.iter())?;
        lines(f, "route", routes.into_iter().take(SHOWN))?;
        writeln!(f, "{:<9}{:>9}{:>10}  last seen", "aircraft", "flights", "miles")?;
        for (tail, Log { flights, miles, last_airport }) in aircraft.into_iter().take(SHOWN) {
            let last = last_airport.as_deref().unwrap_or("-");
            writeln!(f, "{tail:<9}{flights:>9}{miles:>10}  {last}")?;
        }
        writeln!(f)?;
        let Self { rows, commands, events, duplicates, rejected, commands_per_second, aircraft, .. } = self;
        let (carriers, all_routes) = (self.carriers.len(), self.routes.len());
        writeln!(f, "{aircraft} aircraft, {carriers} carriers, {all_routes} routes")?;
        writeln!(f, "{rows} rows, {} of them without a tail number", rejected.no_tail_number)?;
        write!(f, "{commands} commands at {commands_per_second:.0} a second: {events} events, ")?;
        write!(f, "{duplicates} commands that had been done before")?;
        if !self.projection_caught_up {
            write!(f, "\nThe views are still behind: run again to see the rest.")?;
        }
        Ok(())
    }
}

fn lines<'a>(
    f: &mut fmt::Formatter<'_>,
    what: &str,
    lines: impl Iterator<Item = (&'a String, &'a Line)>,
) -> fmt::Result {
    let [departed, arrived, cancelled, diverted] = ["departed", "arrived", "cancelled", "diverted"];
    write!(f, "{what:<9}{departed:>9}{arrived:>9}{cancelled:>11}{diverted:>10}")?;
    writeln!(f, "{:>12}{:>12}", "left late", "came late")?;
    for (key, line) in lines {
        let Line { departed, arrived, cancelled, diverted, .. } = line;
        write!(f, "{key:<9}{departed:>9}{arrived:>9}{cancelled:>11}{diverted:>10}")?;
        writeln!(f, "{:>12}{:>12}", minutes(line.mean_dep_delay), minutes(line.mean_arr_delay))?;
    }
    writeln!(f)
}

fn minutes(mean: Option<f64>) -> String {
    mean.map_or("-".to_owned(), |mean| format!("{mean:.1} min"))
}
