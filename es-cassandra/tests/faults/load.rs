//! Many commands at once, and faults at random.

use std::{sync::Arc, time::Duration};

use uuid::Uuid;

use super::{
    Both,
    proxy::{Fate, Kind, Refusal, Request},
    workload::{Workload, app},
};

/// Two processes' worth of Apps, with so many tasks each.
const TASKS: u64 = 10;
const COMMANDS: u64 = 25;

/// A small generator, so that a seed says what was drawn.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.next() % end
    }

    /// Writes fail often; reads sometimes, and never by what only writes can suffer.
    fn fate(&mut self, request: Request) -> Fate {
        let is_write = matches!(request.kind, Kind::Insert | Kind::Place);
        if self.below(100) >= if is_write { 35 } else { 5 } {
            return Fate::Pass;
        }
        let refusal = Refusal::ALL[self.below(Refusal::ALL.len() as u64) as usize];
        match self.below(13) {
            0 => Fate::CutBefore,
            1 => Fate::CutSent,
            2 => Fate::CutAnswered,
            3 => Fate::Lose,
            4 => Fate::Mute,
            5 => Fate::Late(Duration::from_millis(self.below(800))),
            6 | 7 if is_write => Fate::Hold,
            8 if is_write => Fate::Strand,
            9 | 10 => Fate::Refuse(refusal),
            _ => Fate::RefuseUnseen(refusal),
        }
    }
}

/// Every command ends as stored once, as certainly not stored, or as unknown until it is sent again; nothing that
/// was acknowledged is missing, and nothing is stored twice.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_outcome_is_true() {
    let fresh = || Uuid::now_v7().as_u64_pair().1;
    let seed = std::env::var("ES_FAULTS_SEED").map_or_else(|_| fresh(), |seed| seed.parse().unwrap());
    println!("ES_FAULTS_SEED={seed}");
    let short = Duration::from_millis(1500);
    let both = Both::new("load", short).await;
    let other =
        both.proxy.store(&both.keyspace).category("ledger").request_timeout(short).settle_within(short);
    let apps = [app(&both.store).await, app(&other.connect().await.unwrap()).await];
    let mut random = Random(seed);
    both.proxy.plan(move |request| random.fate(request));

    let workload = Arc::new(Workload::default());
    let tasks = (0..TASKS * 2).map(|task| {
        let (app, workload) = (apps[(task % 2) as usize].clone(), workload.clone());
        tokio::spawn(async move {
            for n in 0..COMMANDS {
                workload.send(&app, task, task * COMMANDS + n).await;
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    both.proxy.calm();
    let late = both.proxy.release().await;
    println!("{late} requests arrive now");
    workload.settle(&apps).await;
    Arc::into_inner(workload).unwrap().verify(&both.direct).await;
}
