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
    pub applied: u64,
}

/// What happens to a ledger.
#[derive(Clone, Debug, PartialEq)]
pub enum Fact {
    Added(u64),
    /// So many bytes.
    Padding(usize),
    /// Cannot be applied.
    Poison,
    /// Cannot be encoded; some bytes are written before that shows.
    Unwritable,
    /// Panics while it is encoded.
    Explosive,
    /// Panics while it is decoded.
    Rotten,
}
use Fact::*;

impl EventSet for Fact {
    fn name(&self) -> &'static str {
        match self {
            Added(_) => "ledger.added",
            Padding(_) => "ledger.padding",
            Poison => "ledger.poison",
            Unwritable => "ledger.unwritable",
            Explosive => "ledger.explosive",
            Rotten => "ledger.rotten",
        }
    }

    fn version(&self) -> u32 {
        1
    }

    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Added(n) => codec.encode(n, out),
            Padding(size) => codec.encode(&vec![0u8; *size], out),
            Poison | Rotten => Ok(()),
            Unwritable => {
                codec.encode("some bytes", out)?;
                codec.encode(&Refuses, out)
            }
            Explosive => panic!("boom"),
        }
    }

    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        let malformed = |reason| DecodeError::Malformed { name: name.into(), version, codec, reason };
        match name {
            "ledger.added" => codec.decode(bytes).map(Added).map_err(malformed),
            "ledger.padding" => {
                codec.decode::<Vec<u8>>(bytes).map(|bytes| Padding(bytes.len())).map_err(malformed)
            }
            "ledger.poison" => Ok(Poison),
            "ledger.rotten" => panic!("an upcaster's mistake"),
            _ => Err(DecodeError::UnknownEvent { name: name.into() }),
        }
    }
}

struct Refuses;
impl Serialize for Refuses {
    fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
        Err(serde::ser::Error::custom("not today"))
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
        self.applied += 1;
        match event {
            Added(n) => self.entries.push(*n),
            Poison => panic!("poison"),
            _ => {}
        }
    }

    fn fork(&self) -> Self {
        self.clone()
    }
}

#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct Refused(pub String);

type Rule = dyn Fn(&[u64]) -> Result<Vec<Fact>, Refused> + Send + Sync;

/// A command whose handler is the closure.
pub struct Do<const EVERY: u64 = 0, const SHAPE: u64 = 0> {
    rule: Box<Rule>,
    yields: usize,
}

impl<const EVERY: u64, const SHAPE: u64> Do<EVERY, SHAPE> {
    pub fn new(rule: impl Fn(&[u64]) -> Result<Vec<Fact>, Refused> + Send + Sync + 'static) -> Self {
        Self { rule: Box::new(rule), yields: 0 }
    }

    /// Adds `n`, whatever there is.
    pub fn add(n: u64) -> Self {
        Self::new(move |_| Ok(vec![Added(n)]))
    }

    /// Makes the handler wait so many times.
    pub fn yielding(self, yields: usize) -> Self {
        Self { yields, ..self }
    }
}

impl<const EVERY: u64, const SHAPE: u64> Command for Do<EVERY, SHAPE> {
    type Aggregate = Ledger<EVERY, SHAPE>;
    type Error = Refused;
}

impl<const EVERY: u64, const SHAPE: u64> Decide<()> for Do<EVERY, SHAPE> {
    async fn decide(
        &self,
        state: &Ledger<EVERY, SHAPE>,
        cx: &CommandContext<Ledger<EVERY, SHAPE>>,
        _: &(),
    ) -> Result<Vec<Fact>, Refused> {
        assert_eq!(cx.version(), state.applied, "the context and the state are of one version");
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
        (self.rule)(&state.entries)
    }
}

/// A plain ledger's command.
pub fn rule(rule: impl Fn(&[u64]) -> Result<Vec<Fact>, Refused> + Send + Sync + 'static) -> Do {
    Do::new(rule)
}

pub fn add(n: u64) -> Do {
    Do::add(n)
}

pub fn emit(facts: Vec<Fact>) -> Do {
    Do::new(move |_| Ok(facts.clone()))
}

/// Refuses, and tells what it was decided on.
pub fn look() -> Do {
    Do::new(|entries| Err(Refused(format!("{entries:?}"))))
}

/// Adds `n` to a new ledger.
#[derive(Clone)]
pub struct Create(pub u64);
impl Command for Create {
    type Aggregate = Ledger;
    type Error = Refused;
    const CREATES: bool = true;
}
impl Decide<()> for Create {
    async fn decide(&self, _: &Ledger, _: &CommandContext<Ledger>, _: &()) -> Result<Vec<Fact>, Refused> {
        Ok(vec![Added(self.0)])
    }
}
