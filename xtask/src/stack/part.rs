//! The servers of a stack one by one, for whoever kills and freezes them.

use std::{fmt, net::SocketAddr, path::PathBuf, process::Command};

use super::{
    Cut, Stack, Wanted, cassandra, cassandra::Cassandra, cuts, debezium::Debezium, kafka, postgres,
    process::Server,
};

/// The kind of folder in which `cargo xtask faults` has its own processes.
pub(super) const KIND: &str = "faults";

/// A process that can be ended and started again by itself.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Part {
    Postgres,
    /// Of Cassandra, from 1.
    Node(u8),
    /// Kafka's.
    Broker,
    /// Debezium's, for the node of that number.
    Agent(u8),
    /// A process of the application, and its arguments.
    Application {
        name: String,
        program: PathBuf,
        arguments: Vec<String>,
    },
}

impl fmt::Display for Part {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Postgres => f.write_str("postgres"),
            Self::Node(number) => write!(f, "node {number}"),
            Self::Broker => f.write_str("broker"),
            Self::Agent(number) => write!(f, "agent {number}"),
            Self::Application { name, .. } => f.write_str(name),
        }
    }
}

/// Where clients of a server can be made to connect, so that somebody stands in between.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Door {
    /// Where they connect.
    pub(crate) outside: SocketAddr,
    /// Where the server is.
    pub(crate) inside: SocketAddr,
}

impl Wanted {
    /// Those of the servers that applications talk to.
    pub(crate) fn doors(&self) -> Vec<(Part, Door)> {
        let nodes = (1..=self.nodes).map(|number| (Part::Node(number), cassandra::door(number)));
        nodes.chain([(Part::Broker, kafka::door()), (Part::Postgres, postgres::door())]).collect()
    }
}

impl Stack {
    /// The folder of this stack's application, where its processes have theirs.
    pub(crate) fn application(&self, wanted: Wanted) -> PathBuf {
        wanted.folder(&self.folder, KIND)
    }

    fn folder_of(&self, wanted: Wanted, part: &Part) -> Result<PathBuf, String> {
        let cassandra = Cassandra::new(&self.folder, wanted);
        Ok(match part {
            Part::Postgres => postgres::folder(&self.folder)?,
            Part::Node(number) => cassandra.node(*number),
            Part::Broker => kafka::folder(&self.folder, wanted),
            Part::Agent(number) => Debezium::new(&self.folder, wanted, &cassandra)?.folder(*number),
            Part::Application { name, .. } => self.application(wanted).join(name),
        })
    }

    /// The part, if it runs.
    pub(crate) fn find(&self, wanted: Wanted, part: &Part) -> Result<Option<Server>, String> {
        Ok(Server::find(&self.folder_of(wanted, part)?))
    }

    /// Cuts a node off from the other nodes, or an agent from the broker, until it is joined again.
    pub(crate) fn cut_off(&self, wanted: Wanted, part: &Part, cut: Cut) -> Result<(), String> {
        let ways = cuts::ways(wanted, part, cut)?;
        ways.iter().try_for_each(|way| cuts::set(&self.folder_of(wanted, &way.to)?, way.from, true))
    }

    pub(crate) fn join_again(&self, wanted: Wanted, part: &Part) -> Result<(), String> {
        let ways = cuts::ways(wanted, part, Cut::Both)?;
        ways.iter().try_for_each(|way| cuts::set(&self.folder_of(wanted, &way.to)?, way.from, false))
    }

    /// Takes from a node that was killed what it had not synced, as if the machine had lost its power. How many bytes.
    pub(crate) fn cut_power(&self, wanted: Wanted, node: u8) -> Result<u64, String> {
        Cassandra::new(&self.folder, wanted).cut_power(node)
    }

    /// Starts the part unless it runs, and waits until it answers. Whether it was started.
    pub(crate) fn start(&self, wanted: Wanted, part: &Part) -> Result<bool, String> {
        let cassandra = Cassandra::new(&self.folder, wanted);
        if !matches!(part, Part::Postgres | Part::Broker) && self.find(wanted, part)?.is_some() {
            return Ok(false);
        }
        match part {
            Part::Postgres => return postgres::up(&self.folder).map(|started| !started.is_empty()),
            Part::Broker => return kafka::up(&self.folder, wanted).map(|started| started.is_some()),
            Part::Node(number) => drop(cassandra.start(*number)?),
            Part::Agent(number) => {
                Debezium::new(&self.folder, wanted, &cassandra)?.start(*number)?;
            }
            Part::Application { name, program, arguments } => {
                let folder = self.application(wanted).join(name);
                Server::start(&folder, Command::new(program).args(arguments))?;
            }
        }
        Ok(true)
    }
}
