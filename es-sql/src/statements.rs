//! Projections whose handlers run SQL of their own, in the transaction that moves the checkpoints.

use std::{panic::AssertUnwindSafe, time::Duration};

use es_core::{
    event::{EventSet, Metadata},
    projection::{Decoded, Projection, style},
    repository::{ApplyError, Batch, RepositoryError, ViewTransaction},
    store::{BoxError, StreamId},
};
use futures_util::FutureExt;
use sqlx::Database;

use crate::{
    blame::{is_away, is_databases},
    limit::within,
};

/// A projection that writes tables of its own, with statements of its own.
///
/// Each event is handled once, in its aggregate's order, in the transaction that moves the aggregate's checkpoint: its
/// statements are done with it, or not at all. Events of different aggregates come in any order.
///
/// SQLite has one writer at a time. In PostgreSQL the transaction runs at `REPEATABLE READ`: what handlers read does not change under them, and when
/// another transaction has written the same rows, the whole batch is done again. So a handler may run more than once
/// before it counts, and should do nothing but run statements. It must return the errors of its statements, as they are
/// or in an error that has them as its source or is transparent to them (a mere text of one tells nobody that another
/// transaction was in the way), and must not end the transaction.
///
/// An error that it returns sets the aggregate aside, as [`Projection::FAILURE`] says; but where the database is out of
/// reach, nothing is set aside and the listener waits. So it does where a handler in PostgreSQL takes longer than
/// `PostgresRepository::request_timeout`, because a server that does not answer looks no different; a role's
/// `statement_timeout` that is shorter makes a slow statement its event's failure.
///
/// ```
/// # #[cfg(feature = "postgres")] mod example {
/// use es_core::{event::Metadata, projection::{Projection, Subscribed, style}, store::BoxError};
/// use es_sql::{SqlProjection, sqlx::{self, PgConnection, Postgres}};
/// # use es_core::testing::conformance::Note;
///
/// /// A line for each note.
/// pub struct Journal;
///
/// impl Projection for Journal {
///     type Style = style::Sql;
///     const NAME: &'static str = "journal";
///     // Of an event with `#[derive(Event)]`: `Subscribed::to::<Noted>()`.
///     const SUBSCRIPTIONS: &'static [Subscribed] = &[Subscribed { name: "conformance.note", version: 1 }];
/// }
///
/// impl SqlProjection<Postgres> for Journal {
///     type Event = Note; // of an aggregate: `AccountEvent`
///
///     async fn prepare(tables: &mut PgConnection) -> Result<(), sqlx::Error> {
///         let table = "CREATE TABLE IF NOT EXISTS journal (author text, sequence bigint, amount bigint)";
///         sqlx::query(table).execute(tables).await.map(drop)
///     }
///
///     async fn handle(&self, tx: &mut PgConnection, note: &Note, metadata: &Metadata) -> Result<(), BoxError> {
///         let insert = sqlx::query("INSERT INTO journal VALUES ($1, $2, $3)");
///         let insert = insert.bind(&*metadata.aggregate_id).bind(metadata.sequence as i64).bind(note.amount);
///         insert.execute(tx).await?;
///         Ok(())
///     }
/// }
/// # }
/// ```
///
/// `App::builder(store).projection(Journal, PostgresRepository::new(&pool))` keeps it up to date, `App::reached`
/// waits until it has taken a command's events.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no SQL handler for `{Db}`",
    label = "not an `SqlProjection<{Db}>`",
    note = "write `impl SqlProjection<{Db}> for {Self} {{ type Event = ..; async fn handle(..) {{ .. }} }}`"
)]
pub trait SqlProjection<Db: Database>: Projection<Style = style::Sql> {
    /// The events it takes: the enum of an aggregate, or one of its own that can read all that
    /// [`Projection::SUBSCRIPTIONS`] names.
    type Event: EventSet;

    /// Makes its tables where they are missing. Called at each start, by one process at a time.
    fn prepare(tables: &mut Db::Connection) -> impl Future<Output = Result<(), sqlx::Error>> + Send {
        let _ = tables;
        async { Ok(()) }
    }

    /// Writes what the event says.
    fn handle(
        &self,
        tx: &mut Db::Connection,
        event: &Self::Event,
        metadata: &Metadata,
    ) -> impl Future<Output = Result<(), BoxError>> + Send;
}

/// A transaction in which handlers may run statements.
pub(crate) trait Statements: ViewTransaction {
    type Db: Database;

    fn connection(&mut self) -> &mut <Self::Db as Database>::Connection;

    /// Fails where a statement has failed before.
    fn check(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// Fails where the connection is lost.
    fn ping(&mut self) -> impl Future<Output = Result<(), sqlx::Error>> + Send;

    /// How long a handler is waited for, where its database may fall silent.
    fn limit(&mut self) -> Option<Duration> {
        None
    }

    /// A handler had no answer in time.
    fn give_up(&mut self) {}
}

/// Applies a batch whose events are decoded, in `tx`, and commits it. On an error nothing is applied.
pub(crate) async fn run<T: Statements, P: SqlProjection<T::Db>>(
    projection: &P,
    batch: &Batch,
    events: &[Decoded<P::Event>],
    mut tx: T,
) -> Result<(), ApplyError> {
    if !batch.moves.is_empty() {
        let elsewhere = tx.move_checkpoints(&batch.moves).await?;
        if !elsewhere.is_empty() {
            let streams = elsewhere.into_iter().map(|at| batch.moves[at].stream.clone()).collect();
            return Err(ApplyError::Moved { streams });
        }
    }
    let mut rest = events.iter().peekable();
    while let Some(Decoded { event, metadata, .. }) = rest.next() {
        handle(projection, event, metadata, &mut tx).await?;
        let ends = rest.peek().is_none_or(|next| {
            (&next.metadata.category, &next.metadata.aggregate_id)
                != (&metadata.category, &metadata.aggregate_id)
        });
        if ends && let Err(error) = tx.check().await {
            let source =
                format!("a statement of its handler failed, and the handler did not say so: {error}");
            return Err(if is_away(&error) {
                RepositoryError::Unavailable(error.into()).into()
            } else {
                failed::<P>(metadata, source.into())
            });
        }
    }
    tx.save_offsets(batch).await?;
    Ok(tx.commit().await?)
}

async fn handle<T: Statements, P: SqlProjection<T::Db>>(
    projection: &P,
    event: &P::Event,
    metadata: &Metadata,
    tx: &mut T,
) -> Result<(), ApplyError> {
    let limit = tx.limit();
    // In a future of ours: one that is not an `async fn` may panic before it has returned its own.
    let handled = async { projection.handle(tx.connection(), event, metadata).await };
    let handled = AssertUnwindSafe(handled).catch_unwind();
    let handled = match limit {
        None => Ok(handled.await),
        Some(limit) => {
            let Metadata { category, aggregate_id, sequence, .. } = metadata;
            let what = format!("the handler of event {sequence} of {category}/{aggregate_id}");
            within(limit, what, handled).await
        }
    };
    let handled = handled.map_err(|error| {
        tx.give_up();
        RepositoryError::Unavailable(error.into())
    })?;
    let Err(source) = handled.unwrap_or_else(|panic| Err(message(&*panic).into())) else { return Ok(()) };
    match tx.ping().await {
        // Whatever the handler made of it.
        Err(error) if is_databases(&error) => {
            Err(RepositoryError::Unavailable(format!("{source} ({error})").into()).into())
        }
        _ => Err(failed::<P>(metadata, source)),
    }
}

/// What a handler's error is: the event's, or the database's.
fn failed<P: Projection>(metadata: &Metadata, source: BoxError) -> ApplyError {
    if is_databases(&*source) {
        return RepositoryError::Unavailable(source).into();
    }
    ApplyError::Event {
        projection: P::NAME,
        stream: StreamId::new(metadata.category.clone(), metadata.aggregate_id.clone()),
        sequence: metadata.sequence,
        source,
        retry: true,
    }
}

fn message(panic: &(dyn std::any::Any + Send)) -> String {
    let text =
        panic.downcast_ref::<&str>().copied().or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    format!("panicked: {}", text.unwrap_or("without a message"))
}
