//! Views as listeners leave them, and what can be seen of a folder from outside.

use std::{
    collections::BTreeMap,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use es_core::{
    feed::Offset,
    repository::{Batch, Checkpoint, DeadLetter, Move, Parked, Repository},
    store::StreamId,
    testing::conformance::{Counts, Totals},
};
use es_sql::{
    SqlRepository,
    sqlx::{self, Connection, SqliteConnection, sqlite::SqliteConnectOptions},
};

/// What a handler said, in more than a line.
pub(crate) const ERROR: &str = "no such\0 carrier: QQ\nat leg 2";

/// A checkpoint that only moves.
fn at(id: &str, applied: u64, parked: Option<Parked>) -> Move {
    let stream = StreamId::new("conformance", id);
    let to = Checkpoint { applied, parked, ..Checkpoint::default() };
    Move { stream, expected: Checkpoint::default(), to, commits: Vec::new() }
}

/// Two projections: one with an aggregate that is set aside, with dead letters and a rebuild under way.
pub(crate) async fn fill<R: Repository<Counts> + Repository<Totals>>(repository: &R) {
    Repository::<Counts>::prepare(repository).await.unwrap();
    let parked = Parked { sequence: 7, error: ERROR.to_owned(), at: SystemTime::now() };
    let letter = |offset, bytes: &[u8]| DeadLetter {
        partition: "es.bank.account_events/3".into(),
        offset,
        bytes: bytes.to_vec(),
        reason: "it is not JSON: expected value".to_owned(),
    };
    let batch = Batch {
        moves: vec![at("a", 3, None), at("b", 1, None), at("42", 6, Some(parked))],
        dead_letters: vec![letter(17, b"{\"broken\xc3\xa9"), letter(19, b"\xff\x00\x10")],
        ..Batch::default()
    };
    repository.apply(&Counts, &batch).await.unwrap();
    // Offsets alone: it has seen no record that is its own.
    let offsets = vec![Offset { partition: "p".into(), offset: 4 }];
    repository.apply(&Totals, &Batch { offsets, ..Batch::default() }).await.unwrap();
    let generation = Repository::<Counts>::begin_filling(repository).await.unwrap();
    let filling = Repository::<Counts>::at_generation(repository, generation).unwrap();
    let batch = Batch { moves: vec![at("a", 2, None)], ..Batch::default() };
    Repository::<Counts>::apply(&filling, &Counts, &batch).await.unwrap();
}

/// A file with them that nobody has open any more.
pub(crate) async fn closed(file: &Path) {
    fill(&SqlRepository::open(file).await.unwrap()).await;
    at_rest(file).await;
}

/// The last connection removes the log. Those of a pool are closed by threads of their own, two of which may each take the
/// other for the last; so another one comes after them.
pub(crate) async fn at_rest(file: &Path) {
    let log = file.with_extension("db-wal");
    for _ in 0..1000 {
        let options = SqliteConnectOptions::new().filename(file);
        let mut last = SqliteConnection::connect_with(&options).await.unwrap();
        sqlx::query("SELECT count(*) FROM es_settings").fetch_one(&mut last).await.unwrap();
        last.close().await.unwrap();
        if !log.exists() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    panic!("{} stays", log.display());
}

/// All files of a folder, with what is in them.
pub(crate) fn everything(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files
        .map(|path| (path.file_name().unwrap().to_string_lossy().into_owned(), fs::read(&path).unwrap()))
        .collect()
}
