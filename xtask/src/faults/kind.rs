//! What can be done to which part.

use std::fmt;

use super::dice::Dice;
use crate::stack::{Part, Wanted};

/// A kind of fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Kind {
    how: How,
    whom: Whom,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum How {
    /// `kill -9`, and a new start after a pause.
    Kill,
    /// It does nothing for a while.
    Freeze,
    /// What the application and it send each other does not arrive for a while.
    Cut,
    /// What it and other servers send each other does not arrive for a while, and some of it late; the application reaches
    /// all of them.
    CutOff,
    /// As `Kill`, and what was not synced is gone.
    PowerCut,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Whom {
    Node,
    /// A node, and the agent that reads its logs.
    Machine,
    Agent,
    Broker,
    AgentAndBroker,
    Postgres,
    Listener,
    Commands,
}

use How::{Cut, CutOff, Freeze, Kill, PowerCut};
use Whom::{Agent, AgentAndBroker, Broker, Commands, Listener, Machine, Node, Postgres};

/// All kinds, by their names.
const ALL: &[(&str, How, Whom)] = &[
    ("kill-node", Kill, Node),
    ("freeze-node", Freeze, Node),
    ("cut-node", Cut, Node),
    ("cut-between-nodes", CutOff, Node),
    ("power-cut", PowerCut, Machine),
    ("kill-agent", Kill, Agent),
    ("freeze-agent", Freeze, Agent),
    ("cut-agent", CutOff, Agent),
    ("kill-broker", Kill, Broker),
    ("freeze-broker", Freeze, Broker),
    ("cut-broker", Cut, Broker),
    ("kill-agent-and-broker", Kill, AgentAndBroker),
    ("kill-postgres", Kill, Postgres),
    ("freeze-postgres", Freeze, Postgres),
    ("cut-postgres", Cut, Postgres),
    ("kill-listener", Kill, Listener),
    ("freeze-listener", Freeze, Listener),
    ("kill-commands", Kill, Commands),
    ("freeze-commands", Freeze, Commands),
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let known = ALL.iter().find(|(_, how, whom)| (*how, *whom) == (self.how, self.whom));
        f.write_str(known.map_or("?", |(name, ..)| name))
    }
}

impl Kind {
    /// Those that break no promise of such a stack.
    pub(crate) fn all(wanted: Wanted) -> Vec<Self> {
        let all = ALL.iter().map(|(_, how, whom)| Self { how: *how, whom: *whom });
        all.filter(|kind| kind.can_be(wanted) && (kind.how != PowerCut || wanted.is_synced)).collect()
    }

    /// Whether there is something that it could be done to.
    pub(crate) fn can_be(self, wanted: Wanted) -> bool {
        (self.how, self.whom) != (CutOff, Node) || wanted.nodes > 1
    }

    pub(crate) fn names() -> Vec<&'static str> {
        ALL.iter().map(|(name, ..)| *name).collect()
    }

    pub(crate) fn named(name: &str) -> Option<Self> {
        let known = ALL.iter().find(|(known, ..)| *known == name);
        known.map(|(_, how, whom)| Self { how: *how, whom: *whom })
    }

    pub(super) fn how(self) -> How {
        self.how
    }

    /// The parts that it meets this time, of those that there are.
    pub(super) fn targets(self, parts: &[Part], dice: &mut Dice) -> Vec<Part> {
        let fits = |part: &Part, whom| match (part, whom) {
            (Part::Node(_), Node) | (Part::Agent(_), Agent) | (Part::Broker, Broker) => true,
            (Part::Postgres, Postgres) => true,
            (Part::Application { name, .. }, Listener) => name.starts_with("listener"),
            (Part::Application { name, .. }, Commands) => name.starts_with("commands"),
            _ => false,
        };
        let mut one_of = |whom| {
            let those: Vec<_> = parts.iter().filter(|part| fits(part, whom)).collect();
            those.get(dice.below(those.len())).map(|part| (*part).clone())
        };
        match self.whom {
            Machine => {
                let node = one_of(Node);
                let agent = parts.iter().find(|part| match (part, &node) {
                    (Part::Agent(agent), Some(Part::Node(node))) => agent == node,
                    _ => false,
                });
                agent.cloned().into_iter().chain(node).collect()
            }
            AgentAndBroker => one_of(Agent).into_iter().chain(one_of(Broker)).collect(),
            whom => one_of(whom).into_iter().collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::faults::wanted;

    #[test]
    fn each_kind_is_found_by_its_name_and_meets_somebody() {
        let application = |name: &str| Part::Application {
            name: name.to_owned(),
            program: "faults".into(),
            arguments: Vec::new(),
        };
        let parts = [
            Part::Postgres,
            Part::Node(1),
            Part::Broker,
            Part::Agent(1),
            application("commands1"),
            application("listener1"),
        ];
        let wanted = wanted(3, false).synced();
        for (name, kind) in Kind::names().into_iter().zip(Kind::all(wanted)) {
            assert_eq!((kind.to_string().as_str(), Kind::named(name)), (name, Some(kind)));
            let targets = kind.targets(&parts, &mut Dice::new(1, 1));
            let two = matches!(kind.whom, Machine | AgentAndBroker);
            assert_eq!(targets.len(), 1 + usize::from(two), "{name}");
        }
        let all = Kind::all(Wanted { is_synced: false, ..wanted });
        assert_eq!((Kind::names().len(), all.len()), (19, 18), "nothing survives a power cut unsynced");
        let all = Kind::all(Wanted { nodes: 1, ..wanted });
        assert_eq!(all.len(), 18, "a node alone has no others");
        assert_eq!(Kind::named("kill-nobody"), None);
    }
}
