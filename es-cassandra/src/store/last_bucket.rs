//! Where long streams were seen to end.

use es_core::store::StreamId;
use quick_cache::sync::Cache;

/// So many streams of more than one bucket.
const STREAMS: usize = 10_000;

/// The last bucket in which a commit was seen, of streams that have more than one: looking for a stream's end
/// begins there. Others may have gone on since, so it is no more than a beginning.
pub(super) struct LastBuckets(Cache<StreamId, u64>);

impl Default for LastBuckets {
    fn default() -> Self {
        Self(Cache::new(STREAMS))
    }
}

impl LastBuckets {
    pub(super) fn of(&self, stream: &StreamId) -> u64 {
        self.0.get(stream).unwrap_or(0)
    }

    pub(super) fn seen(&self, stream: &StreamId, bucket: u64) {
        // Most streams have one bucket, and need no entry.
        if bucket > 0 && self.of(stream) < bucket {
            self.0.insert(stream.clone(), bucket);
        }
    }

    pub(super) fn forget(&self, stream: &StreamId) {
        self.0.remove(stream);
    }
}
