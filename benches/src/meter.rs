//! One measurement of one case.

use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::{
    counting::{self, Allocations},
    process::Memory,
};

/// What a pass measures. Cases prepare, [`start`](Meter::start), work, stop, and check.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
pub(crate) enum Meter {
    Time,
    Allocations,
}

/// A measurement that goes on.
pub(crate) struct Running {
    meter: Meter,
    started: Instant,
}

/// What a case took.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sample {
    pub(crate) commands: u64,
    pub(crate) took: Duration,
    pub(crate) allocations: Allocations,
    /// How many commits the commands became, where they share them.
    pub(crate) commits: Option<u64>,
    /// Bytes between this process and the server, both ways, where that was counted.
    pub(crate) wire: Option<u64>,
    /// Of a case that has a process of its own.
    pub(crate) memory: Option<Memory>,
}

impl Meter {
    pub(crate) fn start(self) -> Running {
        if self == Self::Allocations {
            counting::start();
        }
        Running { meter: self, started: Instant::now() }
    }
}

impl Running {
    pub(crate) fn stop(self, commands: u64) -> Sample {
        let took = self.started.elapsed();
        let allocations = match self.meter {
            Meter::Time => Allocations::default(),
            Meter::Allocations => counting::stop(),
        };
        Sample { commands, took, allocations, commits: None, wire: None, memory: None }
    }
}

impl Sample {
    pub(crate) fn ns_per_command(&self) -> f64 {
        self.took.as_nanos() as f64 / self.commands as f64
    }
}
