//! Statements that take many rows at once.
//!
//! One statement with a list of `VALUES` costs one round trip to the connection's thread. Its text depends on
//! how many rows there are, so lengths are rounded up to a power of two: at most eleven texts, each prepared
//! once per connection. The rows that are too many are left unbound, which makes them NULL; every statement
//! skips rows whose first column is NULL.

use std::sync::{Arc, OnceLock};

use sqlx::{
    Arguments, AssertSqlSafe, Encode, Error, SqlSafeStr, SqlStr, Sqlite, Type, sqlite::SqliteArguments,
};

/// The most rows of one statement: SQLite takes at most 32,766 parameters.
pub(crate) const MOST: usize = 1024;

/// A statement over rows of `columns` values.
pub(crate) struct Statement {
    columns: usize,
    before: &'static str,
    after: &'static str,
    texts: [OnceLock<Arc<str>>; MOST.ilog2() as usize + 1],
}

impl Statement {
    /// The statement `before`, the list of rows as `(VALUES ..) AS v`, `after`. Its columns are `column1` and
    /// so on; all parameters must be plain `?`.
    pub(crate) const fn new(columns: usize, before: &'static str, after: &'static str) -> Self {
        Self { columns, before, after, texts: [const { OnceLock::new() }; MOST.ilog2() as usize + 1] }
    }

    /// How many parameters the list has for `rows` rows; those after it begin behind them.
    pub(crate) fn width(&self, rows: usize) -> usize {
        self.columns * rounded(rows)
    }

    /// The text for `rows` rows, at most [`MOST`].
    pub(crate) fn sql(&self, rows: usize) -> SqlStr {
        let size = rounded(rows);
        let text = self.texts[size.ilog2() as usize].get_or_init(|| {
            let row = format!("({})", vec!["?"; self.columns].join(","));
            let values = vec![row.as_str(); size].join(",");
            format!("{}(VALUES {values}) AS v{}", self.before, self.after).into()
        });
        AssertSqlSafe(text.clone()).into_sql_str()
    }
}

fn rounded(rows: usize) -> usize {
    rows.clamp(1, MOST).next_power_of_two()
}

/// Parameters, in the order of their `?`.
#[derive(Default)]
pub(crate) struct Parameters(SqliteArguments);

impl Parameters {
    pub(crate) fn with_capacity(values: usize) -> Self {
        let mut arguments = SqliteArguments::default();
        arguments.reserve(values, 0);
        Self(arguments)
    }

    pub(crate) fn push<'t, T: Encode<'t, Sqlite> + Type<Sqlite>>(&mut self, value: T) -> Result<(), Error> {
        Arguments::add(&mut self.0, value).map_err(Error::Encode)
    }

    /// NULLs up to `width` parameters.
    pub(crate) fn pad(&mut self, width: usize) -> Result<(), Error> {
        (Arguments::len(&self.0)..width).try_for_each(|_| self.push(None::<i64>))
    }

    pub(crate) fn finish(self) -> SqliteArguments {
        self.0
    }
}
