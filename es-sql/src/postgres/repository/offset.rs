//! The feed's offsets, and records that no decoder understands.

use es_core::{
    feed::Offset,
    repository::{Batch, DeadLetter},
};
use sqlx::{PgConnection, Row as _, postgres::PgRow};

use super::most;
use crate::{
    postgres::text::{escape, unescape},
    space::Space,
};

const READ: &str = "SELECT partition, position FROM es_offsets WHERE projection = $1 ORDER BY partition";

pub(super) async fn read(connection: &mut PgConnection, space: &Space) -> Result<Vec<Offset>, sqlx::Error> {
    let offset =
        |row: &PgRow| Ok(Offset { partition: unescape(row.try_get(0)?).into(), offset: row.try_get(1)? });
    sqlx::query(READ).bind(&*space.name).fetch_all(connection).await?.iter().map(offset).collect()
}

/// In the order of partitions, so that two batches lock them in the same.
const SAVE: &str = "INSERT INTO es_offsets (projection, partition, position)
     SELECT $1, o.partition, max(o.position) FROM unnest($2::text[], $3::bigint[]) AS o(partition, position)
     GROUP BY o.partition ORDER BY o.partition COLLATE \"C\"
     ON CONFLICT (projection, partition) DO UPDATE SET position = excluded.position
     WHERE es_offsets.position < excluded.position";

const SAVE_LETTERS: &str = "INSERT INTO es_dead_letters (projection, partition, position, bytes, reason)
     SELECT $1, l.partition, l.position, l.bytes, l.reason
     FROM unnest($2::text[], $3::bigint[], $4::bytea[], $5::text[]) AS l(partition, position, bytes, reason)
     ORDER BY l.partition COLLATE \"C\", l.position ON CONFLICT DO NOTHING";

pub(super) async fn save(tx: &mut PgConnection, space: &Space, batch: &Batch) -> Result<(), sqlx::Error> {
    if !batch.offsets.is_empty() {
        let partitions: Vec<_> = batch.offsets.iter().map(|o| escape(&o.partition)).collect();
        let positions: Vec<_> = batch.offsets.iter().map(|o| o.offset).collect();
        sqlx::query(SAVE).bind(&*space.name).bind(partitions).bind(positions).execute(&mut *tx).await?;
    }
    if !batch.dead_letters.is_empty() {
        let letters = &batch.dead_letters;
        let partitions: Vec<_> = letters.iter().map(|l| escape(&l.partition)).collect();
        let positions: Vec<_> = letters.iter().map(|l| l.offset).collect();
        let bytes: Vec<_> = letters.iter().map(|l| &l.bytes[..]).collect();
        let reasons: Vec<_> = letters.iter().map(|l| escape(&l.reason)).collect();
        let query = sqlx::query(SAVE_LETTERS).bind(&*space.name).bind(partitions).bind(positions);
        query.bind(bytes).bind(reasons).execute(tx).await?;
    }
    Ok(())
}

const DEAD_LETTERS: &str = "SELECT partition, position, bytes, reason FROM es_dead_letters WHERE projection = $1 ORDER BY id LIMIT $2";

pub(super) async fn dead_letters(
    connection: &mut PgConnection,
    space: &Space,
    limit: usize,
) -> Result<Vec<DeadLetter>, sqlx::Error> {
    let letter = |row: &PgRow| {
        Ok(DeadLetter {
            partition: unescape(row.try_get(0)?).into(),
            offset: row.try_get(1)?,
            bytes: row.try_get(2)?,
            reason: unescape(row.try_get(3)?),
        })
    };
    let query = sqlx::query(DEAD_LETTERS).bind(&*space.name).bind(most(limit));
    query.fetch_all(connection).await?.iter().map(letter).collect()
}
