//! Compile-time checks that generated code makes. Not part of the public interface.

use serde::{Serialize, de::DeserializeOwned};

use crate::{
    aggregate::Aggregate, command::CommandResult, projection::ViewProjection, query::QueryResult,
    snapshot::SnapshotSpec,
};

/// Whether two texts are the same.
pub const fn same(a: &str, b: &str) -> bool {
    let (a, b) = (a.as_bytes(), b.as_bytes());
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Which names occur before in the list. Compares hashes first: 200 names stay far below the const-eval lint.
pub const fn repeated<const N: usize>(names: [&str; N]) -> [bool; N] {
    let mut repeated = [false; N];
    let mut hashes = [0u64; N];
    let mut i = 0;
    while i < N {
        hashes[i] = crate::aggregate::fingerprint(names[i]);
        let mut j = 0;
        while j < i && !repeated[i] {
            repeated[i] = hashes[i] == hashes[j] && same(names[i], names[j]) && !same(names[i], UNKNOWN_NAME);
            j += 1;
        }
        i += 1;
    }
    repeated
}

/// The name of an event whose real name could not be read: that mistake is reported already, so the other
/// checks pass it.
pub const UNKNOWN_NAME: &str = "?";

/// Whether `name` is an event of `category`.
pub const fn in_category(name: &str, category: &str) -> bool {
    if same(name, UNKNOWN_NAME) || same(category, UNKNOWN_NAME) {
        return true;
    }
    let (n, c) = (name.as_bytes(), category.as_bytes());
    if n.len() <= c.len() || n[c.len()] != b'.' {
        return false;
    }
    let mut i = 0;
    while i < c.len() {
        if n[i] != c[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Whether two events are of one category.
pub const fn same_category(a: &str, b: &str) -> bool {
    let b = b.as_bytes();
    let mut dot = 0;
    while dot < b.len() && b[dot] != b'.' {
        dot += 1;
    }
    let (category, _) = b.split_at(dot);
    match std::str::from_utf8(category) {
        Ok(category) => in_category(a, category),
        Err(_) => false,
    }
}

/// `Self` is an aggregate. With a lifetime, so that it can be a condition of a generated impl: then a type that
/// is none is reported where it is named, and not again for each of its uses in the impl.
pub trait IsAggregate<'a>: Aggregate {}
impl<A: Aggregate> IsAggregate<'_> for A {}

/// `Self` is what a command handler of `A` returns; a condition as [`IsAggregate`] is.
pub trait IsCommandResult<'a, A>: CommandResult<A> {}
impl<A, R: CommandResult<A>> IsCommandResult<'_, A> for R {}

/// `Self` is what a query handler returns; a condition as [`IsAggregate`] is.
pub trait IsQueryResult<'a>: QueryResult {}
impl<R: QueryResult> IsQueryResult<'_> for R {}

/// `Self` is a projection with a view; a condition as [`IsAggregate`] is.
pub trait IsProjection<'a>: ViewProjection {}
impl<P: ViewProjection> IsProjection<'_> for P {}

/// What snapshots can keep: a state that serde can write and read.
#[diagnostic::on_unimplemented(
    message = "the state of `{Self}` cannot be kept in a snapshot",
    label = "`Serialize` or `Deserialize` is missing on `{Self}`",
    note = "`snapshot(..)` keeps the state: add `#[derive(Serialize, Deserialize)]` to `{Self}`, or remove `snapshot(..)`"
)]
pub trait Kept: Serialize + DeserializeOwned {}

#[diagnostic::do_not_recommend]
impl<T: Serialize + DeserializeOwned> Kept for T {}

/// The snapshot spec of a state, as `snapshot(..)` asks for it.
pub const fn snapshot<A: Kept>(every: u64, declaration: &str) -> SnapshotSpec<A> {
    SnapshotSpec::json(every, crate::aggregate::fingerprint(declaration))
}

/// Stands for code that could not be made from a wrong item. Never runs: the mistake has been reported, so
/// the program does not compile.
pub fn stub() -> ! {
    unreachable!("the compiler has reported a mistake here")
}
