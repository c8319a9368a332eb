use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use tokio::sync::Notify;

/// In the count, beside the commands: no more of them begin.
const STOPPED: usize = 1 << (usize::BITS - 1);

/// How many commands are on their way, so that a shutdown can wait for them.
#[derive(Debug, Default)]
pub(crate) struct Work {
    count: AtomicUsize,
    idle: Notify,
}

/// One command, until it is replied to; also when its sender does not wait any more.
#[derive(Debug)]
pub(crate) struct AtWork(Arc<Work>);

impl Work {
    /// Begins a command, unless there are to be no more.
    pub(crate) fn begin(self: &Arc<Self>) -> Option<AtWork> {
        // Counted first: a shutdown after that waits for it, and one before shows.
        let before = self.count.fetch_add(1, Ordering::SeqCst);
        let at_work = AtWork(self.clone());
        (before & STOPPED == 0).then_some(at_work)
    }

    /// Lets no more commands begin, and waits for those that have.
    pub(crate) async fn stop(&self) {
        self.count.fetch_or(STOPPED, Ordering::SeqCst);
        loop {
            let mut idle = std::pin::pin!(self.idle.notified());
            idle.as_mut().enable();
            if self.count.load(Ordering::SeqCst) == STOPPED {
                return;
            }
            idle.await;
        }
    }
}

impl Drop for AtWork {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == STOPPED | 1 {
            self.0.idle.notify_waiters();
        }
    }
}
