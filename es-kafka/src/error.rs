use rdkafka::{error::KafkaError, types::RDKafkaErrorCode};

use crate::rebalance::Context;

/// The feed's settings cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No broker was named.
    #[error("no broker is named: give the address of one or more, e.g. \"127.0.0.1:9092\"")]
    NoBrokers,
    /// No keyspace was named.
    #[error("no keyspace is named: add `.keyspace(\"..\")`, the one of the event store")]
    NoKeyspace,
    /// A topic cannot be called that.
    #[error(
        "`{0}` cannot be part of a topic's name: write letters, digits, `.`, `_` and `-`, at most 100 of them"
    )]
    BadName(String),
    /// The feed needs an option of the client for itself.
    #[error("the option `{0}` is the feed's own: leave it out")]
    ReservedOption(String),
    /// The client knows no such option, or not that value of it.
    #[error("the option `{option}` does not fit: {reason}")]
    BadOption {
        /// Which.
        option: String,
        /// What the client says, without the value, which may be a secret.
        reason: String,
    },
}

/// The broker could not be reached or read: the source of a
/// [`FeedError::Unavailable`](es_core::feed::FeedError::Unavailable).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConsumeError {
    /// No client could be made of the settings.
    #[error("no Kafka client can be made: {0}")]
    Client(#[source] Client),
    /// No broker answered.
    #[error("no broker of `{brokers}` answers: {reason}; check the addresses, and `security.protocol`")]
    Unreachable {
        /// Their addresses.
        brokers: String,
        /// What the client said.
        reason: String,
    },
    /// The broker does not let us.
    #[error(
        "the broker does not allow it: {reason}; group `{group}` needs READ, and DESCRIBE and READ on its topics"
    )]
    Denied {
        /// The consumer group.
        group: String,
        /// What the client said.
        #[source]
        reason: Client,
    },
    /// The broker has deleted records that were to be read next. The subscription after this one begins at what
    /// is left.
    #[error("records were deleted from the topic before they were read")]
    RecordsGone,
    /// Where to begin could not be found out or set.
    #[error("no place in {partition} can be taken: {reason}")]
    Seek {
        /// Which partition.
        partition: String,
        /// What the client said.
        #[source]
        reason: Client,
    },
    /// The partition is not this subscription's, e.g. not any more.
    #[error("{0} is not assigned here")]
    NotAssigned(String),
    /// Anything else.
    #[error("the topics cannot be read: {0}")]
    Failed(#[source] Client),
}

/// What Kafka's client says, in its own words.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Client(KafkaError);

impl From<KafkaError> for Client {
    fn from(error: KafkaError) -> Self {
        Self(error)
    }
}

/// What becomes of an error that the client reports while it reads.
pub(crate) enum Reported {
    /// It tries again by itself, and says so if it has to give up.
    Passing,
    /// The topic is not there yet, or not any more.
    NoTopic,
    /// The subscription ends with it.
    Ends(ConsumeError),
}

impl Reported {
    pub(crate) fn of(error: KafkaError, context: &Context, brokers: &str, group: &str) -> Self {
        use RDKafkaErrorCode as Code;
        match error.rdkafka_error_code() {
            Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
                Self::NoTopic
            }
            Some(
                Code::BrokerTransportFailure
                | Code::Resolve
                | Code::OperationTimedOut
                | Code::RequestTimedOut
                | Code::PollExceeded
                | Code::PartitionEOF
                | Code::NotLeaderForPartition
                | Code::LeaderNotAvailable
                | Code::RebalanceInProgress,
            ) => Self::Passing,
            Some(Code::AllBrokersDown) => {
                let reason = context.last_error().unwrap_or_else(|| error.to_string());
                Self::Ends(ConsumeError::Unreachable { brokers: brokers.to_owned(), reason })
            }
            Some(Code::OffsetOutOfRange | Code::AutoOffsetReset) => Self::Ends(ConsumeError::RecordsGone),
            Some(
                Code::TopicAuthorizationFailed
                | Code::GroupAuthorizationFailed
                | Code::ClusterAuthorizationFailed
                | Code::SaslAuthenticationFailed
                | Code::Authentication,
            ) => Self::Ends(ConsumeError::Denied { group: group.to_owned(), reason: error.into() }),
            _ => Self::Ends(ConsumeError::Failed(error.into())),
        }
    }
}
