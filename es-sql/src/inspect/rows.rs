//! What is asked for, and what the rows of either database become.

use std::collections::BTreeMap;

use es_core::{
    repository::{DeadLetter, Generations},
    store::{StreamId, from_millis},
};
use sqlx::Error;

use super::{Generation, Parked, Projection};

/// A row of either database.
pub(super) trait Columns {
    fn text(&self, at: usize) -> Result<String, Error>;
    fn number(&self, at: usize) -> Result<Option<i64>, Error>;
    fn bytes(&self, at: usize) -> Result<Vec<u8>, Error>;

    /// One that cannot be missing.
    fn count(&self, at: usize) -> Result<i64, Error> {
        self.number(at)?.ok_or_else(|| Error::Decode("a number is missing".into()))
    }
}

/// What can be asked for, with one statement. `$1` is a projection and `$2` how many, where these are asked for.
pub(super) trait Found: Sized {
    /// What must have tables there.
    const OF: &'static str;
    #[cfg(feature = "sqlite")]
    const SQLITE: &'static str;
    #[cfg(feature = "postgres")]
    const POSTGRES: &'static str;

    fn of(row: &impl Columns) -> Result<Self, Error>;
}

/// SQL: the name under which the tables have the generation of `$1` that serves.
macro_rules! serving {
    () => {
        "coalesce((SELECT CASE serving WHEN 0 THEN projection ELSE projection || '@' || CAST(serving AS text) END
         FROM es_generations WHERE projection = $1), $1)"
    };
}

/// A line of what there is of all projections, in one statement, so that it is of one moment.
pub(super) enum Line {
    Generations {
        projection: String,
        serving: i64,
        filling: Option<i64>,
    },
    /// Of a generation, by its name in the tables.
    Counts {
        space: String,
        aggregates: i64,
        parked: i64,
        dead_letters: i64,
    },
}

// The casts are for PostgreSQL, where numbers written down have 32 bits and counts 64.
const LINES: &str =
    "SELECT CAST(1 AS bigint), projection, serving, filling, CAST(0 AS bigint) FROM es_generations
    UNION ALL SELECT 0, projection, count(*), count(parked_sequence), 0 FROM es_checkpoints GROUP BY projection
    UNION ALL SELECT 0, projection, 0, 0, count(*) FROM es_dead_letters GROUP BY projection
    UNION ALL SELECT 0, projection, 0, 0, 0 FROM es_offsets GROUP BY projection";

impl Found for Line {
    const OF: &'static str = "views";
    #[cfg(feature = "sqlite")]
    const SQLITE: &'static str = LINES;
    #[cfg(feature = "postgres")]
    const POSTGRES: &'static str = LINES;

    fn of(row: &impl Columns) -> Result<Self, Error> {
        let name = row.text(1)?;
        Ok(if row.count(0)? == 1 {
            Self::Generations { projection: name, serving: row.count(2)?, filling: row.number(3)? }
        } else {
            let (aggregates, parked) = (row.count(2)?, row.count(3)?);
            Self::Counts { space: name, aggregates, parked, dead_letters: row.count(4)? }
        })
    }
}

/// The projections that the lines are about.
pub(super) fn projections(lines: Vec<Line>) -> Vec<Projection> {
    let (mut spaces, mut generations) = (BTreeMap::new(), BTreeMap::new());
    for line in lines {
        match line {
            Line::Generations { projection, serving, filling } => {
                generations.insert(projection, (serving, filling));
            }
            Line::Counts { space, aggregates, parked, dead_letters } => {
                // No projection's name has this sign in it.
                let projection = space.split('@').next().unwrap_or_default().to_owned();
                generations.entry(projection).or_insert((0, None));
                let counts: &mut Generation = spaces.entry(space).or_default();
                counts.aggregates += aggregates.cast_unsigned();
                counts.parked += parked.cast_unsigned();
                counts.dead_letters += dead_letters.cast_unsigned();
            }
        }
    }
    let all = generations.into_iter().map(|(name, (serving, filling))| {
        let generation = |number: i64| {
            let number = u32::try_from(number).unwrap_or_default();
            let counts = spaces.get(&*Generations::space(&name, number)).copied().unwrap_or_default();
            Generation { number, ..counts }
        };
        let (serving, filling) = (generation(serving), filling.map(generation));
        Projection { name, serving, filling }
    });
    all.collect()
}

impl Found for Parked {
    const OF: &'static str = "views";
    #[cfg(feature = "sqlite")]
    const SQLITE: &'static str = PARKED;
    #[cfg(feature = "postgres")]
    const POSTGRES: &'static str = PARKED;

    fn of(row: &impl Columns) -> Result<Self, Error> {
        Ok(Self {
            stream: StreamId::new(row.text(0)?, row.text(1)?),
            applied: row.count(2)?.cast_unsigned(),
            sequence: row.count(3)?.cast_unsigned(),
            error: row.text(4)?,
            at: from_millis(row.count(5)?),
        })
    }
}

const PARKED: &str = concat!(
    "SELECT category, aggregate_id, applied, parked_sequence, parked_error, parked_at FROM es_checkpoints
     WHERE projection = ",
    serving!(),
    " AND parked_sequence IS NOT NULL ORDER BY category, aggregate_id LIMIT $2"
);

/// The offset has another name in each.
macro_rules! letters {
    ($offset:literal) => {
        concat!(
            "SELECT partition, ",
            $offset,
            ", bytes, reason FROM es_dead_letters WHERE projection = ",
            serving!(),
            " ORDER BY id LIMIT $2"
        )
    };
}

impl Found for DeadLetter {
    const OF: &'static str = "views";
    #[cfg(feature = "sqlite")]
    const SQLITE: &'static str = letters!("offset");
    #[cfg(feature = "postgres")]
    const POSTGRES: &'static str = letters!("position");

    fn of(row: &impl Columns) -> Result<Self, Error> {
        let partition = row.text(0)?.into();
        Ok(Self { partition, offset: row.count(1)?, bytes: row.bytes(2)?, reason: row.text(3)? })
    }
}

/// The last position of an event store.
#[cfg(feature = "sqlite")]
pub(super) struct Last(pub(super) i64);

#[cfg(feature = "sqlite")]
impl Found for Last {
    const OF: &'static str = "events";
    const SQLITE: &'static str = "SELECT coalesce(max(position), 0) FROM es_commits";
    #[cfg(feature = "postgres")]
    const POSTGRES: &'static str = "";

    fn of(row: &impl Columns) -> Result<Self, Error> {
        row.count(0).map(Self)
    }
}
