//! A process: what it calls takes time, fails, and has no effect any more once the process is dead.

use std::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use tokio::{
    sync::Notify,
    time::{Instant, sleep, sleep_until},
};

use super::world::{Reach, World};

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Answered,
    /// It fails before it has an effect.
    Before,
    /// It fails after it has had its effect.
    After,
    /// It fails, and has its effect later.
    Late,
    /// Nobody answers; whoever called gives up after a while.
    Hangs,
}

/// Whether the other side has answered.
#[derive(Debug)]
pub struct Down;

pub struct Host {
    pub number: usize,
    pub world: Arc<World>,
    is_dead: AtomicBool,
    died: Notify,
    frozen_until: Mutex<Option<Instant>>,
}

impl Host {
    pub fn new(number: usize, world: &Arc<World>) -> Arc<Self> {
        let (is_dead, died, frozen_until) = (AtomicBool::new(false), Notify::new(), Mutex::default());
        Arc::new(Self { number, world: world.clone(), is_dead, died, frozen_until })
    }

    pub fn note(&self, what: &'static str, whom: u64, detail: u64) {
        self.world.note(self.number, what, whom, detail);
    }

    pub fn note_of(&self, of: &'static str, what: &'static str, whom: u64, detail: u64) {
        self.world.note_of(of, self.number, what, whom, detail);
    }

    pub fn is_dead(&self) -> bool {
        self.is_dead.load(Ordering::SeqCst)
    }

    /// The process ends between two instructions: whatever it was about to do, it does not.
    pub fn kill(&self) {
        self.note("dies", 0, 0);
        self.is_dead.store(true, Ordering::SeqCst);
        self.died.notify_waiters();
    }

    /// The process stands still for a while, and does not know.
    pub fn freeze(&self, so_long: Duration) {
        self.note("freezes", 0, u64::try_from(so_long.as_millis()).unwrap());
        *self.frozen_until.lock().unwrap() = Some(Instant::now() + so_long);
    }

    pub fn thaw(&self) {
        *self.frozen_until.lock().unwrap() = None;
    }

    pub fn is_frozen(&self) -> bool {
        self.frozen_until.lock().unwrap().is_some_and(|until| Instant::now() < until)
    }

    /// Goes no further while the process stands still, and never again once it is dead, or the run does not come to an
    /// end by itself.
    pub async fn alive(&self) {
        loop {
            if self.is_dead() || self.world.is_endless() {
                std::future::pending::<()>().await;
            }
            let until = *self.frozen_until.lock().unwrap();
            match until.filter(|until| Instant::now() < *until) {
                Some(until) => sleep_until(until).await,
                None => return,
            }
        }
    }

    /// Something is on its way to this process, or from it.
    pub async fn way(&self) {
        let delay = self.world.delay();
        match delay.is_zero() {
            true if self.world.draw(|dice| dice.in_thousand(500)) => tokio::task::yield_now().await,
            true => {}
            false => sleep(delay).await,
        }
        self.alive().await;
    }

    pub fn fate(&self, of: Reach) -> Fate {
        if self.world.is_cut_off(of) {
            return Fate::Before;
        }
        if !self.world.goes_wrong(self.world.plan.trouble) {
            return Fate::Answered;
        }
        self.world.draw(|dice| dice.one_of(&[Fate::Before, Fate::After, Fate::Late, Fate::Hangs]))
    }

    /// Calls what only looks, for a projection where it is about one.
    pub async fn look<T>(
        &self,
        (reach, of): (Reach, &'static str),
        what: &'static str,
        whom: u64,
        effect: impl Future<Output = T>,
    ) -> Result<T, Down> {
        self.alive().await;
        self.note_of(of, what, whom, 0);
        let fate = self.fate(reach);
        self.way().await;
        match fate {
            Fate::Answered => {
                let answer = effect.await;
                self.way().await;
                Ok(answer)
            }
            Fate::Hangs => self.hang().await,
            _ => Err(self.down(of, what, whom)),
        }
    }

    pub fn down(&self, of: &'static str, what: &'static str, whom: u64) -> Down {
        self.note_of(of, "failed:", whom, 0);
        self.note_of(of, what, whom, 1);
        Down
    }

    pub async fn hang<T>(&self) -> Result<T, Down> {
        let so_long = self.world.draw(|dice| dice.between(200, 4000));
        self.note("hangs", 0, so_long);
        sleep(Duration::from_millis(so_long)).await;
        self.alive().await;
        Err(Down)
    }

    /// What `of` comes to, unless this process dies before.
    pub async fn outlived<F: Future>(&self, of: F) -> Option<F::Output> {
        let mut died = std::pin::pin!(self.died.notified());
        died.as_mut().enable();
        if self.is_dead() {
            return None;
        }
        tokio::select! {
            biased;
            () = died => None,
            answer = of => Some(answer),
        }
    }
}
