//! A command process: some tasks that send commands, one after the other, until it is stopped or killed.

use std::{collections::HashSet, sync::Arc, time::Duration};

use event_sourcing::prelude::*;
use fastrand::Rng;
use uuid::Uuid;

use crate::{
    Failure,
    bank::AccountId,
    fleet::{self, Flight},
    history::{self, Journal, Op, Outcome, Want},
    place::{Place, at_last},
    plant::{CarelessStore, Plant},
    resend,
    sender::Sender,
};

/// Tasks that move money.
const TASKS: u64 = 8;
/// Of these, the first few get half of all their commands.
const ACCOUNTS: usize = 16;
const HOT: usize = 3;
/// Tasks that fly aircraft.
const PILOTS: usize = 4;
const BETWEEN_LEGS: Duration = Duration::from_millis(100);

/// All accounts.
pub(crate) fn accounts() -> Vec<AccountId> {
    (0..ACCOUNTS).map(|n| format!("account {n}")).collect()
}

pub(crate) async fn run(place: Place, name: &str, plant: Option<Plant>) -> Result<(), Failure> {
    let before = history::read(&place.histories(), name)?;
    let store = at_last("event store", async || place.store().await).await;
    let app = match plant {
        Some(plant) if plant.is_of_store(name) => {
            let store = CarelessStore::new(store, &place, plant).await?;
            App::builder(store).start().await?
        }
        _ => App::builder(store).start().await?,
    };
    // Each start of the process has a history of its own.
    let journal = Journal::create(&place.histories(), &format!("{name}-{}", std::process::id()))?;
    let sender = Sender::new(app, journal, plant);
    let load = Arc::new(Load { seed: place.seed, name: name.to_owned(), starts: before.len() as u64 });
    let flown: HashSet<Uuid> = before.iter().filter(|one| one.is_done()).map(|one| one.op.id).collect();
    for account in accounts() {
        let op = Op { id: load.id(&format!("open {account}")), account, want: Want::Open };
        // Without it, nothing could be done with the account.
        while !matches!(sender.send(&op, 20).await?, Outcome::Done { .. }) {}
    }
    let mut tasks = tokio::task::JoinSet::new();
    for task in 0..TASKS {
        let (sender, load) = (sender.clone(), load.clone());
        tasks.spawn(async move { load.task(&sender, task).await });
    }
    for pilot in 0..PILOTS {
        let (sender, load, flown) = (sender.clone(), load.clone(), flown.clone());
        tasks.spawn(async move { load.pilot(&sender, pilot, &flown).await });
    }
    // What the process left open when it was killed: half of it is sent again now, the rest by the checker.
    tasks.spawn(async move {
        for op in resend::open(&before).into_iter().filter(|op| op.id.as_u128().is_multiple_of(2)) {
            sender.send(&op, 3).await?;
        }
        std::future::pending().await
    });
    while let Some(ended) = tasks.join_next().await {
        ended??;
    }
    Ok(())
}

struct Load {
    seed: u64,
    name: String,
    /// Something that is another one at each start.
    starts: u64,
}

impl Load {
    /// The same for both processes, and after a restart.
    fn id(&self, what: &str) -> Uuid {
        Uuid::new_v5(&Uuid::from_u128(self.seed.into()), what.as_bytes())
    }

    /// Flies some aircraft, each as the file has it: what was not done is sent until it is.
    async fn pilot(&self, sender: &Sender, pilot: usize, flown: &HashSet<Uuid>) -> Result<(), Failure> {
        let first = pilot + if self.name.ends_with('1') { 0 } else { PILOTS };
        for (aircraft, flights) in fleet::flights().iter().skip(first).step_by(2 * PILOTS) {
            for Flight { row, carrier } in flights {
                let (row, carrier) = (*row, carrier.clone());
                let legs = [Want::Depart { row, carrier: carrier.clone() }, Want::Land { row, carrier }];
                for (leg, want) in legs.into_iter().enumerate() {
                    let op = Op { id: self.id(&format!("row {row} {leg}")), account: aircraft.clone(), want };
                    if !flown.contains(&op.id) {
                        while !matches!(sender.send(&op, 20).await?, Outcome::Done { .. }) {}
                        tokio::time::sleep(BETWEEN_LEGS).await;
                    }
                }
            }
        }
        std::future::pending().await
    }

    async fn task(&self, sender: &Sender, task: u64) -> Result<(), Failure> {
        let seed = self.id(&format!("{} {task} {}", self.name, self.starts)).as_u64_pair().0;
        let mut dice = Rng::with_seed(seed);
        let mut done = Vec::new();
        loop {
            match dice.u32(..100) {
                0..35 => {
                    let op = deposit(&mut dice);
                    if let Outcome::Done { .. } = sender.send(&op, 1 + dice.u32(..5)).await? {
                        done.push(op);
                    }
                }
                35..85 => transfer(sender, &mut dice).await?,
                // Tasks of both processes that have the same number send the same commands, at about the same time.
                85..95 => self.shared(sender, task).await?,
                _ if done.is_empty() => {}
                // Once more what was done long ago.
                _ => {
                    let op = done.swap_remove(dice.usize(..done.len()));
                    sender.send(&op, 1).await?;
                }
            }
            tokio::time::sleep(Duration::from_millis(dice.u64(20..160))).await;
        }
    }

    /// By the clock: for a moment both processes send the same command, also after a restart.
    async fn shared(&self, sender: &Sender, task: u64) -> Result<(), Failure> {
        let moment = history::now() / 250_000_000;
        let mut dice = Rng::with_seed(self.id(&format!("shared {task} {moment}")).as_u64_pair().0);
        let op = Op { id: self.id(&format!("shared id {task} {moment}")), ..deposit(&mut dice) };
        sender.send(&op, 4).await?;
        Ok(())
    }
}

fn account(dice: &mut Rng) -> AccountId {
    let number = if dice.bool() { dice.usize(..HOT) } else { dice.usize(..ACCOUNTS) };
    format!("account {number}")
}

fn deposit(dice: &mut Rng) -> Op {
    let amounts = (0..1 + dice.usize(..3)).map(|_| dice.u64(1..300)).collect();
    Op { id: Uuid::now_v7(), account: account(dice), want: Want::Deposit { amounts } }
}

/// Both halves, unless the process ends between them, or does not get to know what became of the first.
async fn transfer(sender: &Sender, dice: &mut Rng) -> Result<(), Failure> {
    // Some are of more than there is.
    let amount = if dice.u32(..20) == 0 { 1 << 40 } else { dice.u64(1..400) };
    let (transfer, to) = (Uuid::now_v7(), account(dice));
    let want = Want::Send { transfer, to: to.clone(), amount };
    let op = Op { id: resend::half(transfer, "send"), account: account(dice), want };
    // A sender who gives up at once is certain only where the reply was.
    if let Outcome::Done { .. } = sender.send(&op, 1 + dice.u32(..5)).await? {
        sender.send(&resend::receive(transfer, to, amount), 1 + dice.u32(..5)).await?;
    }
    Ok(())
}
