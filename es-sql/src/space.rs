use std::borrow::Cow;

use es_core::repository::{ApplyError, Generations};

/// One generation of a projection's views, and the name under which the tables have what belongs to it.
#[derive(Clone, Debug)]
pub(crate) struct Space {
    pub(crate) projection: &'static str,
    pub(crate) generation: u32,
    pub(crate) name: Cow<'static, str>,
}

impl Space {
    pub(crate) fn new(projection: &'static str, generation: u32) -> Self {
        Self { projection, generation, name: Generations::space(projection, generation) }
    }

    /// What somebody is told who wants to write here, where nobody reads any more.
    pub(crate) fn superseded(&self) -> ApplyError {
        ApplyError::Superseded { projection: self.projection, generation: self.generation }
    }
}

/// The names of all generations up to `last` but those to `keep`. As numbers are given once, nobody will ever write
/// there again.
pub(crate) fn given_up(projection: &'static str, last: u32, keep: &[Option<u32>]) -> Vec<String> {
    let given_up = (0..=last).filter(|generation| !keep.contains(&Some(*generation)));
    given_up.map(|generation| Generations::space(projection, generation).into_owned()).collect()
}
