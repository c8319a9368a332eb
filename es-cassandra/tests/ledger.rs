//! A small aggregate whose state is the list of what was added: an order, a loss and a repetition all show.

use es_core::{
    aggregate::Aggregate,
    command::{Command, CommandContext, Decide},
    event::{Codec, DecodeError, EncodeError, EventSet},
    snapshot::SnapshotSpec,
};
use serde::{Deserialize, Serialize};

/// With a snapshot after `EVERY` events (0: none) of the fingerprint `SHAPE`. All kinds share their streams.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger<const EVERY: u64 = 0, const SHAPE: u64 = 0> {
    pub entries: Vec<u64>,
}

/// What happens to a ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Added(u64),
    /// So many bytes.
    Padding(usize),
}

impl EventSet for Fact {
    fn name(&self) -> &'static str {
        match self {
            Self::Added(_) => "ledger.added",
            Self::Padding(_) => "ledger.padding",
        }
    }

    fn version(&self) -> u32 {
        1
    }

    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Added(n) => codec.encode(n, out),
            Self::Padding(size) => codec.encode(&"x".repeat(*size), out),
        }
    }

    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        let malformed = |reason| DecodeError::Malformed { name: name.into(), version, codec, reason };
        match name {
            "ledger.added" => codec.decode(bytes).map(Self::Added).map_err(malformed),
            "ledger.padding" => {
                codec.decode::<String>(bytes).map(|text| Self::Padding(text.len())).map_err(malformed)
            }
            _ => Err(DecodeError::UnknownEvent { name: name.into() }),
        }
    }
}

impl<const EVERY: u64, const SHAPE: u64> Aggregate for Ledger<EVERY, SHAPE> {
    type Id = String;
    type Event = Fact;
    const CATEGORY: &'static str = "ledger";
    const SNAPSHOT: Option<SnapshotSpec<Self>> = match EVERY {
        0 => None,
        every => Some(SnapshotSpec::json(every, SHAPE)),
    };

    fn apply_event(&mut self, event: &Fact) {
        if let Fact::Added(n) = event {
            self.entries.push(*n);
        }
    }

    fn fork(&self) -> Self {
        self.clone()
    }
}

/// What a ledger held when it refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0:?}")]
pub struct Refused(pub Vec<u64>);

/// What is done to a ledger.
#[derive(Clone, Debug)]
pub enum Do<const EVERY: u64 = 0, const SHAPE: u64 = 0> {
    Emit(Vec<Fact>),
    /// Refuses, and tells what it was decided on.
    Look,
    /// Changes nothing.
    Nothing,
}

/// Adds `n`, whatever there is.
pub fn add(n: u64) -> Do {
    Do::Emit(vec![Fact::Added(n)])
}

impl<const EVERY: u64, const SHAPE: u64> Command for Do<EVERY, SHAPE> {
    type Aggregate = Ledger<EVERY, SHAPE>;
    type Error = Refused;
}

impl<const EVERY: u64, const SHAPE: u64> Decide<()> for Do<EVERY, SHAPE> {
    async fn decide(
        &self,
        state: &Ledger<EVERY, SHAPE>,
        _: &CommandContext<Ledger<EVERY, SHAPE>>,
        _: &(),
    ) -> Result<Vec<Fact>, Refused> {
        match self {
            Self::Emit(facts) => Ok(facts.clone()),
            Self::Look => Err(Refused(state.entries.clone())),
            Self::Nothing => Ok(Vec::new()),
        }
    }
}
