//! Accounts between which money moves, and two views of them: one with a row for each, one that all of them share.

use std::{collections::BTreeMap, sync::Arc};

use es_core::{
    aggregate::Aggregate,
    command::{Command, CommandContext, Decide},
    event::{Codec, DecodeError, EncodeError, EventSet, Metadata, RawEvent},
    projection::{FailurePolicy, OnFailure, Projection, Subscribed, ViewProjection, keying, style},
    snapshot::SnapshotSpec,
    store::{BoxError, StreamId},
};
use serde::{Deserialize, Serialize};

use super::world::World;

pub const CATEGORY: &str = "account";

pub fn stream(account: u64) -> StreamId {
    StreamId::new(CATEGORY, account.to_string())
}

pub fn number(stream: &StreamId) -> u64 {
    stream.id.parse().unwrap()
}

/// Money that came or went.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub comes: bool,
    pub amount: u64,
    /// Of which transfer it is a half, 0 for what comes from outside.
    pub transfer: u64,
}

impl Moved {
    fn read(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        let malformed = |reason| DecodeError::Malformed { name: name.into(), version, codec, reason };
        let (amount, transfer) = codec.decode(bytes).map_err(malformed)?;
        Ok(Self { comes: name == "account.came", amount, transfer })
    }

    pub fn on(&self, balance: u64) -> u64 {
        match self.comes {
            true => balance.wrapping_add(self.amount),
            false => balance.wrapping_sub(self.amount),
        }
    }

    fn digest(&self) -> u64 {
        (self.amount << 24 ^ self.transfer << 1 ^ u64::from(self.comes)).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

impl EventSet for Moved {
    fn name(&self) -> &'static str {
        if self.comes { "account.came" } else { "account.went" }
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        codec.encode(&(self.amount, self.transfer), out)
    }
    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(name, version, codec, bytes)
    }
}

#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Account {
    balance: u64,
    events: u64,
}

impl Aggregate for Account {
    type Id = String;
    type Event = Moved;
    const CATEGORY: &'static str = CATEGORY;
    const SNAPSHOT: Option<SnapshotSpec<Self>> = Some(SnapshotSpec::json(4, 1));
    fn apply_event(&mut self, event: &Moved) {
        self.balance = event.on(self.balance);
        self.events += 1;
    }
    fn fork(&self) -> Self {
        self.clone()
    }
}

/// What an account says to those whom it refuses: what there was, after so many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a balance of {balance} after {events} events")]
pub struct Refused {
    pub balance: u64,
    pub events: u64,
}

/// What somebody asks of an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Money comes, from outside or of a transfer.
    Come,
    /// Money goes, if there is enough.
    Go,
    /// To be refused with the balance.
    Look,
}

#[derive(Clone, Copy, Debug)]
pub struct Ask {
    pub want: Want,
    pub amount: u64,
    pub transfer: u64,
    /// In how many events.
    pub parts: u64,
    /// How often its handler waits.
    pub yields: u64,
}

impl Ask {
    pub fn events(&self) -> Vec<Moved> {
        let moved = |amount| Moved { comes: self.want == Want::Come, amount, transfer: self.transfer };
        let rest = self.amount - (self.parts - 1);
        (1..self.parts).map(|_| moved(1)).chain([moved(rest)]).collect()
    }
}

impl Command for Ask {
    type Aggregate = Account;
    type Error = Refused;
}

impl Decide<()> for Ask {
    async fn decide(
        &self,
        account: &Account,
        cx: &CommandContext<Account>,
        _: &(),
    ) -> Result<Vec<Moved>, Refused> {
        let Account { balance, events } = *account;
        assert_eq!(cx.version(), events, "the context and the state are of one version");
        for _ in 0..self.yields {
            tokio::task::yield_now().await;
        }
        let enough = self.want == Want::Come || (self.want == Want::Go && balance >= self.amount);
        if enough { Ok(self.events()) } else { Err(Refused { balance, events }) }
    }
}

/// The row of an account, or of all of them. What is applied twice, out of order or not at all shows.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Row {
    pub balance: u64,
    pub events: u64,
    /// Of each event, in any order of the accounts.
    pub digest: u64,
    /// Up to where each account is in it.
    pub last: BTreeMap<String, u64>,
    /// Events that did not come after the one before.
    pub misplaced: u64,
}

impl Row {
    pub fn fold(&mut self, account: &str, sequence: u64, event: &Moved) {
        self.balance = event.on(self.balance);
        self.events += 1;
        self.digest = self.digest.wrapping_add(event.digest().wrapping_mul(2 * sequence + 1));
        let last = self.last.entry(account.to_owned()).or_default();
        self.misplaced += u64::from(sequence != *last + 1);
        *last = sequence;
    }
}

/// Whose row an event goes into.
pub const ALL: &str = "all";

macro_rules! projection { ($name:ident $stored:literal $keying:ty, $($key:tt)*) => {
    #[derive(Clone)]
    pub struct $name(pub Arc<World>);
    impl Projection for $name {
        type Style = style::View;
        const NAME: &'static str = $stored;
        const SUBSCRIPTIONS: &'static [Subscribed] = &[
            Subscribed { name: "account.came", version: 1 },
            Subscribed { name: "account.went", version: 1 },
        ];
        const FAILURE: FailurePolicy = FailurePolicy { retries: 2, then: OnFailure::Park };
    }
    impl ViewProjection for $name {
        type View = Row;
        type Key = str;
        type Keying = $keying;
        type Input = Moved;
        const USES_METADATA: bool = false;
        fn decode(&self, event: &RawEvent<'_>, codec: Codec) -> Result<Option<Moved>, DecodeError> {
            Moved::read(event.name, event.version, codec, event.payload).map(Some)
        }
        $($key)*
        fn fold(&self, row: &mut Row, event: &Moved, metadata: &Metadata) -> Result<(), BoxError> {
            self.0.may_fail(Self::NAME, &metadata.aggregate_id, metadata.sequence)?;
            row.fold(&metadata.aggregate_id, metadata.sequence, event);
            Ok(())
        }
    }
} }

projection! { Statements "statements" keying::ByAggregate, }
projection! { Total "total" keying::ByKey,
    fn key(&self, _: &Moved, _: &Metadata, out: &mut String) {
        out.push_str(ALL);
    }
}
