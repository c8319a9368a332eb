use std::{
    collections::HashMap,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicUsize, Ordering},
    },
};
use tokio::sync::{Notify, oneshot};

use crate::store::StreamId;

/// Who waits for a view to show an event.
#[derive(Default)]
pub(super) struct Progress {
    waiting: Mutex<HashMap<StreamId, Vec<Waiter>>>,
    /// How many there are, so that a listener nobody waits for need not look.
    count: AtomicUsize,
    next: AtomicUsize,
    /// Somebody has begun to wait.
    begun: Notify,
}

struct Waiter {
    number: usize,
    sequence: u64,
    wake: oneshot::Sender<()>,
}

/// A place in the queue, given up when dropped.
pub(super) struct Waiting<'a> {
    progress: &'a Progress,
    stream: StreamId,
    number: usize,
    pub(super) woken: oneshot::Receiver<()>,
}

impl Progress {
    fn lock(&self) -> MutexGuard<'_, HashMap<StreamId, Vec<Waiter>>> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits for event `sequence` of `stream`. What was reached before the call wakes nobody.
    pub(super) fn wait(&self, stream: &StreamId, sequence: u64) -> Waiting<'_> {
        let (wake, woken) = oneshot::channel();
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.lock().entry(stream.clone()).or_default().push(Waiter { number, sequence, wake });
        self.count.fetch_add(1, Ordering::SeqCst);
        self.begun.notify_waiters();
        Waiting { progress: self, stream: stream.clone(), number, woken }
    }

    /// Ready while somebody waits.
    pub(super) async fn wanted(&self) {
        let begun = self.begun.notified();
        if self.count.load(Ordering::SeqCst) == 0 {
            begun.await;
        }
    }

    /// Says that the view shows `stream` up to `sequence`.
    pub(super) fn reached(&self, stream: &StreamId, sequence: u64) {
        if self.count.load(Ordering::SeqCst) == 0 {
            return;
        }
        if let Some(waiters) = self.lock().get_mut(stream) {
            for waiter in waiters.extract_if(.., |waiter| waiter.sequence <= sequence) {
                // Whoever left needs no waking.
                let _ = waiter.wake.send(());
            }
        }
    }
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.progress.count.fetch_sub(1, Ordering::SeqCst);
        let mut waiting = self.progress.lock();
        if let Some(waiters) = waiting.get_mut(&self.stream) {
            waiters.retain(|waiter| waiter.number != self.number);
            if waiters.is_empty() {
                waiting.remove(&self.stream);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wakes_those_whose_event_is_there_and_forgets_those_who_left() {
        let progress = Progress::default();
        let (a, b) = (StreamId::new("note", "a"), StreamId::new("note", "b"));
        let mut second = progress.wait(&a, 2);
        let mut third = progress.wait(&a, 3);
        let mut other = progress.wait(&b, 1);
        progress.reached(&a, 2);
        assert!(second.woken.try_recv().is_ok() && third.woken.try_recv().is_err());
        drop(third);
        progress.reached(&b, 9);
        assert!(other.woken.try_recv().is_ok());
        drop((second, other));
        assert!(progress.lock().is_empty());
        assert_eq!(progress.count.load(Ordering::SeqCst), 0);
    }
}
