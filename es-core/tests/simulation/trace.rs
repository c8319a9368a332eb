//! What happened, in order: to be compared with another run of the same seed, and read when it went wrong.

use std::fmt;

/// No run is longer: one that is does not come to an end.
const MOST: usize = 200_000;

/// One call, or what became of it.
#[derive(Clone, Copy, PartialEq)]
pub struct Entry {
    /// Milliseconds of the run's own time.
    pub at: u64,
    /// Which process; 0 is the world outside of them.
    pub host: usize,
    pub what: &'static str,
    /// Which projection, if it is about one.
    pub of: &'static str,
    /// Which aggregate, partition or operation.
    pub whom: u64,
    pub detail: u64,
}

impl fmt::Display for Entry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { at, host, what, of, whom, detail } = self;
        write!(f, "{at:>8} ms  process {host}  {of:<10} {what:<24} {whom:>4} {detail:>6}")
    }
}

#[derive(Default)]
pub struct Trace(Vec<Entry>);

impl Trace {
    pub fn add(&mut self, entry: Entry) {
        self.0.push(entry);
    }

    pub fn is_endless(&self) -> bool {
        self.0.len() > MOST
    }

    /// FNV-1a of all of it.
    pub fn hash(&self) -> u64 {
        let mut hash = 0xcbf2_9ce4_8422_2325;
        let mut add = |bytes: &[u8]| {
            for byte in bytes {
                hash = (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3);
            }
        };
        for Entry { at, host, what, of, whom, detail } in &self.0 {
            add(what.as_bytes());
            add(of.as_bytes());
            [*at, *host as u64, *whom, *detail].iter().for_each(|n| add(&n.to_le_bytes()));
        }
        hash
    }

    /// The last ones before `end`, without what each process asks all the time.
    pub fn before(&self, end: usize, count: usize) -> impl Iterator<Item = &Entry> {
        let worth = self.0[..end].iter().filter(|entry| entry.what != "generations");
        let skipped = worth.clone().count().saturating_sub(count);
        worth.skip(skipped)
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The first place at which two differ.
    pub fn parts_at(&self, other: &Self) -> Option<usize> {
        let shorter = self.len().min(other.len());
        let parts = self.0.iter().zip(&other.0).position(|(one, other)| one != other);
        parts.or((self.len() != other.len()).then_some(shorter))
    }
}
