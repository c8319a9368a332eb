//! The write side: what an aircraft does, and what it refuses.

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

/// A tail number.
pub(crate) type AircraftId = String;

/// A flight, as much of it as the views need.
#[derive(EventSchema, Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Flight {
    pub(crate) carrier: String,
    pub(crate) number: u32,
    pub(crate) origin: String,
    pub(crate) destination: String,
    pub(crate) miles: u32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("aircraft.departed")]
pub(crate) struct Departed {
    pub(crate) flight: Flight,
    /// Minutes; negative when early.
    pub(crate) delay: i32,
}

#[derive(Event, Serialize, Deserialize)]
#[event("aircraft.arrived")]
pub(crate) struct Arrived {
    pub(crate) flight: Flight,
    /// Minutes; negative when early.
    pub(crate) delay: i32,
}

/// It landed somewhere else.
#[derive(Event, Serialize, Deserialize)]
#[event("aircraft.diverted")]
pub(crate) struct Diverted {
    pub(crate) flight: Flight,
}

#[derive(Event, Serialize, Deserialize)]
#[event("aircraft.cancelled")]
pub(crate) struct Cancelled {
    pub(crate) flight: Flight,
}

#[derive(Aggregate, Default)]
#[aggregate("aircraft", id = AircraftId, events(Departed, Arrived, Diverted, Cancelled))]
pub(crate) struct Aircraft {
    in_the_air: Option<Flight>,
}

impl Apply<Departed> for Aircraft {
    fn apply(&mut self, e: &Departed) {
        self.in_the_air = Some(e.flight.clone());
    }
}
impl Apply<Arrived> for Aircraft {
    fn apply(&mut self, _: &Arrived) {
        self.in_the_air = None;
    }
}
impl Apply<Diverted> for Aircraft {
    fn apply(&mut self, _: &Diverted) {
        self.in_the_air = None;
    }
}
impl Apply<Cancelled> for Aircraft {
    fn apply(&mut self, _: &Cancelled) {}
}

/// What an aircraft refuses.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AircraftError {
    #[error("it is in the air, from {origin} to {destination}, and cannot depart")]
    InTheAir { origin: String, destination: String },
    #[error("it is on the ground and cannot land")]
    OnTheGround,
}

impl Aircraft {
    fn flight(&self) -> Result<Flight, AircraftError> {
        self.in_the_air.clone().ok_or(AircraftError::OnTheGround)
    }
}

pub(crate) struct Depart {
    pub(crate) flight: Flight,
    pub(crate) delay: i32,
}
#[command_handler]
fn depart(aircraft: &Aircraft, cmd: &Depart) -> Result<Departed, AircraftError> {
    if let Some(Flight { origin, destination, .. }) = &aircraft.in_the_air {
        return Err(AircraftError::InTheAir { origin: origin.clone(), destination: destination.clone() });
    }
    Ok(Departed { flight: cmd.flight.clone(), delay: cmd.delay })
}

pub(crate) struct Arrive {
    pub(crate) delay: i32,
}
#[command_handler]
fn arrive(aircraft: &Aircraft, cmd: &Arrive) -> Result<Arrived, AircraftError> {
    Ok(Arrived { flight: aircraft.flight()?, delay: cmd.delay })
}

pub(crate) struct Divert;
#[command_handler]
fn divert(aircraft: &Aircraft, _: &Divert) -> Result<Diverted, AircraftError> {
    Ok(Diverted { flight: aircraft.flight()? })
}

/// A flight that never departs: the aircraft may be anywhere, also in the air.
pub(crate) struct Cancel {
    pub(crate) flight: Flight,
}
#[command_handler]
fn cancel(_: &Aircraft, cmd: &Cancel) -> Result<Cancelled, AircraftError> {
    Ok(Cancelled { flight: cmd.flight.clone() })
}
