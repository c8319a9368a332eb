//! The other aggregate that is written to: aircraft, whose flights are those of the example's sample.

use std::{collections::BTreeMap, sync::LazyLock};

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) type AircraftId = String;

/// The aggregate's category.
pub(crate) const CATEGORY: &str = "aircraft";

/// Three days of flights from New York.
const SAMPLE: &[u8] = include_bytes!("../../examples/flights/first_three_days.csv.gz");

#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("aircraft.departed")]
pub(crate) struct Departed {
    /// Of the file.
    pub(crate) row: u32,
    pub(crate) carrier: String,
}
#[derive(Event, Clone, Debug, Hash, PartialEq, Eq, Serialize, Deserialize)]
#[event("aircraft.landed")]
pub(crate) struct Landed {
    pub(crate) row: u32,
    pub(crate) carrier: String,
}

#[derive(Aggregate, Default)]
#[aggregate("aircraft", id = AircraftId, events(Departed, Landed))]
pub(crate) struct Aircraft {
    in_the_air: Option<Departed>,
}

impl Apply<Departed> for Aircraft {
    fn apply(&mut self, e: &Departed) {
        self.in_the_air = Some(e.clone());
    }
}
impl Apply<Landed> for Aircraft {
    fn apply(&mut self, _: &Landed) {
        self.in_the_air = None;
    }
}

#[derive(Debug, thiserror::Error)]
pub(crate) enum AircraftError {
    #[error("it is in the air already")]
    InTheAir,
    #[error("it is on the ground")]
    OnTheGround,
}

pub(crate) struct Depart {
    pub(crate) row: u32,
    pub(crate) carrier: String,
}
#[command_handler]
fn depart(aircraft: &Aircraft, cmd: &Depart) -> Result<Departed, AircraftError> {
    require!(aircraft.in_the_air.is_none(), AircraftError::InTheAir);
    Ok(Departed { row: cmd.row, carrier: cmd.carrier.clone() })
}

/// The flight is known from the state: a landing that was decided on another one shows.
pub(crate) struct Land;
#[command_handler]
fn land(aircraft: &Aircraft, _: &Land) -> Result<Landed, AircraftError> {
    let Departed { row, carrier } = aircraft.in_the_air.clone().ok_or(AircraftError::OnTheGround)?;
    Ok(Landed { row, carrier })
}

impl AircraftEvent {
    pub(crate) fn carrier(&self) -> &str {
        match self {
            Self::Departed(Departed { carrier, .. }) | Self::Landed(Landed { carrier, .. }) => carrier,
        }
    }
}

/// A row of the file.
#[derive(Clone, Debug)]
pub(crate) struct Flight {
    pub(crate) row: u32,
    pub(crate) carrier: String,
}

/// Each aircraft's flights, in the order of the file.
pub(crate) fn flights() -> &'static BTreeMap<AircraftId, Vec<Flight>> {
    static FLIGHTS: LazyLock<BTreeMap<AircraftId, Vec<Flight>>> = LazyLock::new(|| {
        let mut all = BTreeMap::<_, Vec<_>>::new();
        let mut reader = csv::Reader::from_reader(flate2::read::MultiGzDecoder::new(SAMPLE));
        let rows = reader.deserialize::<BTreeMap<String, String>>().flatten();
        for (row, fields) in (1..).zip(rows) {
            let field = |name| fields.get(name).filter(|text| !matches!(text.as_str(), "" | "NA")).cloned();
            if let (Some(tail), Some(carrier), Some(_)) =
                (field("tailnum"), field("carrier"), field("dep_time"))
            {
                all.entry(tail).or_default().push(Flight { row, carrier });
            }
        }
        all
    });
    &FLIGHTS
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_sample_has_flights() {
        let flights = super::flights();
        assert_eq!(flights.values().map(Vec::len).sum::<usize>(), 2677);
        assert!(flights.values().all(|flights| flights.is_sorted_by_key(|flight| flight.row)));
    }
}
