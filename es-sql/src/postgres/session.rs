//! Connections of the pool, none of whose requests waits for ever.
//!
//! The driver waits for an answer as long as TCP does: a quarter of an hour where a host vanished without a word, for
//! ever where it is frozen. So does the pool with a connection that it is given back, and has one less meanwhile.

use std::{
    ops::{Deref, DerefMut},
    time::Duration,
};

use sqlx::{AssertSqlSafe, Connection, PgConnection, PgPool, Postgres, SqlSafeStr, pool::PoolConnection};

use crate::limit::within;

/// What a request may take by default. Longer than rows stay locked by a process that is frozen, and than any
/// statement of a batch takes: what takes longer is not answered any more.
pub(super) const REQUEST: Duration = Duration::from_secs(60);

/// So many times that, for what goes through all rows of a projection, or makes tables.
const LONG: u32 = 15;

/// What a connection may take to answer once more, before the pool has it back.
const GIVE_BACK: Duration = Duration::from_secs(5);

/// Where sessions come from.
#[derive(Clone, Copy)]
pub(super) struct Sessions<'r> {
    pub(super) pool: &'r PgPool,
    pub(super) limit: Duration,
    pub(super) role: Timeouts,
}

/// What the role's settings say, in milliseconds; 0 is for ever.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Timeouts {
    pub(super) lock: u64,
    pub(super) statement: u64,
}

impl Sessions<'_> {
    /// A connection for statements that are transactions of their own.
    pub(super) async fn session(self) -> Result<Session, sqlx::Error> {
        let Self { pool, limit, role } = self;
        let acquired = within(limit, "waiting for a connection", pool.acquire()).await.flatten();
        if acquired.is_err() {
            close_idle(pool);
        }
        let lent = Lent(Some(acquired?));
        Ok(Session { lent, pool: pool.clone(), limit, role, given_up: false })
    }
}

/// A connection while it is in use. It may be dropped at any time, also in the middle of something.
pub(super) struct Session {
    lent: Lent,
    pool: PgPool,
    limit: Duration,
    role: Timeouts,
    given_up: bool,
}

impl Session {
    /// The connection, and what limits the requests on it.
    pub(super) fn parts(&mut self) -> (&mut PgConnection, Clock<'_>) {
        (&mut self.lent, Clock { limit: self.limit, times: 1, given_up: &mut self.given_up })
    }

    /// A transaction of a level that is named, because a database may have another default. Whoever is frozen in the
    /// middle does not keep rows locked for ever.
    ///
    /// The server has limits, too: given up by this side alone, a statement would go on there, and each new attempt put
    /// another one beside it. A wait for a lock ends before this side gives it up, all else after that.
    pub(super) async fn begin_level(&mut self, level: &'static str) -> Result<Open<'_>, sqlx::Error> {
        let lock = at_most(self.limit / 4 * 3, self.role.lock);
        let statement = at_most(self.limit.saturating_mul(5) / 4, self.role.statement);
        let begin = format!(
            "BEGIN ISOLATION LEVEL {level}; SET LOCAL idle_in_transaction_session_timeout = '30s'; \
             SET LOCAL lock_timeout = {lock}; SET LOCAL statement_timeout = {statement}"
        );
        self.begin(AssertSqlSafe(begin)).await
    }

    pub(super) async fn begin(&mut self, statement: impl SqlSafeStr) -> Result<Open<'_>, sqlx::Error> {
        let (connection, mut clock) = self.parts();
        // The driver does not roll back what is dropped before BEGIN is answered, or failed with it.
        clock.give_up();
        match clock.within("BEGIN", connection.begin_with(statement.into_sql_str())).await {
            Ok(tx) => Ok(Open { tx, clock }),
            Err(error) => {
                clock.give_up();
                Err(error)
            }
        }
    }
}

/// In milliseconds, unless the role has less.
fn at_most(timeout: Duration, of_role: u64) -> u64 {
    let most = u64::try_from(timeout.as_millis()).unwrap_or(u64::MAX).clamp(1, i32::MAX as u64);
    if of_role == 0 { most } else { most.min(of_role) }
}

impl Drop for Session {
    fn drop(&mut self) {
        let lent = Lent(self.lent.0.take());
        if self.given_up {
            // Those that lie idle have been silent for as long, and the pool would ask each before it makes a new one.
            drop(lent);
            close_idle(&self.pool);
        } else if let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(give_back(lent));
        }
    }
}

/// Limits requests.
pub(super) struct Clock<'s> {
    limit: Duration,
    /// Of the limit, for what comes next.
    times: u32,
    given_up: &'s mut bool,
}

impl Clock<'_> {
    pub(super) async fn within<T>(
        &mut self,
        what: &'static str,
        request: impl Future<Output = Result<T, sqlx::Error>>,
    ) -> Result<T, sqlx::Error> {
        let answer = within(self.limit(), what, request).await;
        *self.given_up = answer.is_err();
        answer.flatten()
    }

    /// For what may take long, until [`Clock::be_quick`].
    pub(super) fn be_patient(&mut self) {
        self.times = LONG;
    }

    pub(super) fn be_quick(&mut self) {
        self.times = 1;
    }

    pub(super) fn limit(&self) -> Duration {
        self.limit.saturating_mul(self.times)
    }

    /// Nothing more is sent: the connection is closed.
    pub(super) fn give_up(&mut self) {
        *self.given_up = true;
    }
}

/// A transaction; dropped without a commit, it is rolled back.
pub(super) struct Open<'s> {
    tx: sqlx::Transaction<'s, Postgres>,
    clock: Clock<'s>,
}

impl<'s> Open<'s> {
    pub(super) fn parts(&mut self) -> (&mut PgConnection, &mut Clock<'s>) {
        (&mut self.tx, &mut self.clock)
    }

    pub(super) async fn commit(mut self) -> Result<(), sqlx::Error> {
        self.clock.within("COMMIT", self.tx.commit()).await
    }
}

/// A connection that belongs to the pool. Dropped, it is closed without a word, and the pool may make another one.
struct Lent(Option<PoolConnection<Postgres>>);

const TAKEN: &str = "taken only when given back";

impl Deref for Lent {
    type Target = PgConnection;

    fn deref(&self) -> &PgConnection {
        self.0.as_ref().expect(TAKEN)
    }
}

impl DerefMut for Lent {
    fn deref_mut(&mut self) -> &mut PgConnection {
        self.0.as_mut().expect(TAKEN)
    }
}

impl Drop for Lent {
    fn drop(&mut self) {
        drop(self.0.take().map(PoolConnection::detach));
    }
}

/// Lets the pool have it, which sends what is left to be sent, a rollback say, and waits for the answer; if there is
/// none, closes it.
async fn give_back(mut lent: Lent) {
    if let Some(mut connection) = lent.0.take() {
        // What the pool does with a connection that is dropped, but with an end: given up, this closes it.
        let _ = tokio::time::timeout(GIVE_BACK, connection.return_to_pool()).await;
    }
}

/// Connections that nobody uses, without asking them anything.
fn close_idle(pool: &PgPool) {
    for _ in 0..pool.num_idle() {
        drop(pool.try_acquire().map(PoolConnection::detach));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_server_gives_up_after_a_while_and_the_role_may_have_less() {
        let second = Duration::from_secs(1);
        let cases = [
            (second, 0, 1000),
            (second, 50, 50),
            (second, 5000, 1000),
            // Not 0, which would be for ever.
            (Duration::from_nanos(1), 0, 1),
            (Duration::MAX, 0, i32::MAX as u64),
        ];
        for (timeout, of_role, due) in cases {
            assert_eq!(at_most(timeout, of_role), due, "{timeout:?} {of_role}");
        }
    }
}
