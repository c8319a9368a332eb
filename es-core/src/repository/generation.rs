/// Which sets of a projection's rows and checkpoints a repository keeps.
///
/// Queries are answered from one of them. A rebuild fills another beside it, which then takes over; see
/// [`App::rebuild`](crate::app::App::rebuild). Numbers are never used twice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Generations {
    /// The one that queries are answered from, 0 until the first rebuild.
    pub serving: u32,
    /// The one that a rebuild fills.
    pub filling: Option<u32>,
    /// The one that served before, which reads that have begun may still be at.
    pub before: Option<u32>,
}

impl Generations {
    /// The name under which a repository keeps what belongs to a generation: that of the projection itself for
    /// the first, with the generation's number for the others. It begins with a character that no projection's
    /// name has in it.
    pub fn space(projection: &str, generation: u32) -> std::borrow::Cow<'_, str> {
        match generation {
            0 => projection.into(),
            _ => format!("{projection}@{generation}").into(),
        }
    }

    /// Whether a listener may still write to `generation`.
    pub fn takes(&self, generation: u32) -> bool {
        self.serving == generation || self.filling == Some(generation)
    }
}

/// What became of an attempt to serve from the generation that is being filled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TakeOver {
    /// Queries are answered from it from now on, or have been already.
    Done,
    /// Nothing has changed: the old rows show more than the new ones do.
    Behind {
        /// For so many aggregates.
        aggregates: u64,
        /// So many of them are set aside in the new generation, and stay behind.
        parked: u64,
    },
    /// It is not the generation that is being filled any more.
    Superseded,
}
