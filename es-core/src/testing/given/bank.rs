// The example of the docs and of the tests beside them, which include it. Written out by hand what the macros
// would write, because this crate is below them.

use es_core::{
    aggregate::{Aggregate, Emits, IntoEvents},
    command::{Command, CommandContext, Decide},
    event::{Codec, DecodeError, EncodeError, EventSet, Metadata, RawEvent, StoredEvent},
    projection::{Projection, Subscribed, ViewProjection, keying, style},
};
use serde::{Deserialize, Serialize};

macro_rules! event { ($t:ident, $name:literal { $($field:ident: $ft:ty),* }) => {
    #[derive(Serialize, Deserialize)]
    pub struct $t { $(pub $field: $ft),* }
    impl StoredEvent for $t {
        const NAME: &'static str = $name;
        const VERSION: u32 = 1;
        fn decode(version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
            let malformed = |reason| DecodeError::Malformed { name: $name.into(), version, codec, reason };
            codec.decode(bytes).map_err(malformed)
        }
    }
    impl es_core::event::stored::Newest for $t {}
    impl Emits<$t> for Account {
        fn wrap(event: $t) -> AccountEvent { AccountEvent::$t(event) }
    }
} }
event!(Opened, "account.opened" { owner: String });
event!(Deposited, "account.deposited" { amount: u64 });
event!(Withdrawn, "account.withdrawn" { amount: u64 });

pub enum AccountEvent {
    Opened(Opened),
    Deposited(Deposited),
    Withdrawn(Withdrawn),
}

impl IntoEvents<Account> for AccountEvent {
    fn into_events(self, out: &mut Vec<AccountEvent>) {
        out.push(self)
    }
}

impl EventSet for AccountEvent {
    fn name(&self) -> &'static str {
        match self {
            Self::Opened(_) => Opened::NAME,
            Self::Deposited(_) => Deposited::NAME,
            Self::Withdrawn(_) => Withdrawn::NAME,
        }
    }
    fn version(&self) -> u32 {
        1
    }
    fn encode(&self, codec: Codec, out: &mut Vec<u8>) -> Result<(), EncodeError> {
        match self {
            Self::Opened(e) => codec.encode(e, out),
            Self::Deposited(e) => codec.encode(e, out),
            Self::Withdrawn(e) => codec.encode(e, out),
        }
    }
    fn decode(name: &str, version: u32, codec: Codec, bytes: &[u8]) -> Result<Self, DecodeError> {
        match name {
            Opened::NAME => Opened::decode(version, codec, bytes).map(Self::Opened),
            Deposited::NAME => Deposited::decode(version, codec, bytes).map(Self::Deposited),
            Withdrawn::NAME => Withdrawn::decode(version, codec, bytes).map(Self::Withdrawn),
            _ => Err(DecodeError::UnknownEvent { name: name.into() }),
        }
    }
}

#[derive(Clone, Default)]
pub struct Account {
    pub balance: u64,
}
impl Aggregate for Account {
    type Id = String;
    type Event = AccountEvent;
    const CATEGORY: &'static str = "account";
    fn apply_event(&mut self, event: &AccountEvent) {
        match event {
            AccountEvent::Opened(_) => {}
            AccountEvent::Deposited(e) => self.balance += e.amount,
            AccountEvent::Withdrawn(e) => self.balance -= e.amount,
        }
    }
    fn fork(&self) -> Self {
        self.clone()
    }
}

#[derive(Debug, PartialEq, thiserror::Error)]
pub enum AccountError {
    #[error("only {balance} left")]
    Insufficient { balance: u64 },
}

pub struct Open {
    pub owner: String,
}
impl Command for Open {
    type Aggregate = Account;
    type Error = AccountError;
    const CREATES: bool = true;
}
impl Decide<()> for Open {
    async fn decide(
        &self,
        _: &Account,
        _: &CommandContext<Account>,
        _: &(),
    ) -> Result<Vec<AccountEvent>, AccountError> {
        Ok(vec![AccountEvent::Opened(Opened { owner: self.owner.clone() })])
    }
}

pub struct Withdraw {
    pub amount: u64,
}
impl Command for Withdraw {
    type Aggregate = Account;
    type Error = AccountError;
}
impl Decide<()> for Withdraw {
    async fn decide(
        &self,
        account: &Account,
        _: &CommandContext<Account>,
        _: &(),
    ) -> Result<Vec<AccountEvent>, AccountError> {
        let Self { amount } = *self;
        es_core::require!(account.balance >= amount, AccountError::Insufficient { balance: account.balance });
        Ok(if amount == 0 { Vec::new() } else { vec![AccountEvent::Withdrawn(Withdrawn { amount })] })
    }
}

#[derive(Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Balance {
    pub owner: String,
    pub balance: u64,
    pub seen: u64,
    pub at: Option<std::time::SystemTime>,
}

pub struct Balances;
impl Projection for Balances {
    type Style = style::View;
    const NAME: &'static str = "balances";
    const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed::to::<Opened>(), Subscribed::to::<Deposited>()];
}
impl ViewProjection for Balances {
    type View = Balance;
    type Key = str;
    type Keying = keying::ByAggregate;
    type Input = AccountEvent;
    const USES_METADATA: bool = true;
    fn decode(&self, event: &RawEvent<'_>, codec: Codec) -> Result<Option<AccountEvent>, DecodeError> {
        let ours = Self::SUBSCRIPTIONS.iter().any(|s| s.name == event.name);
        ours.then(|| AccountEvent::decode(event.name, event.version, codec, event.payload)).transpose()
    }
    fn fold(
        &self,
        view: &mut Balance,
        input: &AccountEvent,
        metadata: &Metadata,
    ) -> Result<(), es_core::store::BoxError> {
        view.seen = metadata.sequence;
        view.at = Some(metadata.committed_at);
        match input {
            AccountEvent::Opened(e) => {
                view.owner =
                    format!("{}{}", metadata.command.header_value("title").unwrap_or_default(), e.owner)
            }
            AccountEvent::Deposited(e) if e.amount == 13 => return Err("an unlucky amount".into()),
            AccountEvent::Deposited(e) => view.balance += e.amount,
            AccountEvent::Withdrawn(_) => {}
        }
        Ok(())
    }
}
