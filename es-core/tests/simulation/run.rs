//! One run of one seed.

use std::{
    fmt,
    panic::{AssertUnwindSafe, catch_unwind},
    sync::Arc,
    time::Duration,
};

use futures_util::future::join_all;
use tokio::time::{sleep, timeout};

use super::{
    chaos::chaos,
    check::verdict,
    client::client,
    lab::Lab,
    plant::Plant,
    trace::Trace,
    world::{Plan, World},
};

/// How many of the last calls are shown.
const SHOWN: usize = 400;
/// By the run's own clock.
const MOST: Duration = Duration::from_secs(3600);

/// What a run came to.
pub struct Ended {
    pub seed: u64,
    pub plan: Plan,
    /// The promise that was broken.
    pub broken: Option<String>,
    pub trace: Trace,
}

impl fmt::Display for Ended {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seed, plan, broken, trace } = self;
        writeln!(f, "seed {seed}, {plan:?}\nthe last of {} calls:", trace.len())?;
        trace.before(trace.len(), SHOWN).try_for_each(|entry| writeln!(f, "{entry}"))?;
        writeln!(f, "\nseed {seed}: {}", broken.as_deref().unwrap_or("no promise is broken"))?;
        let next = seed + 1;
        write!(
            f,
            "again: ES_SIMULATION_SEEDS={seed}..{next} cargo test -p es-core --test main simulation::every"
        )
    }
}

pub fn run(seed: u64, plant: Option<Plant>) -> Ended {
    let _repeatable = es_core::testing::repeatable(seed);
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build().unwrap();
    let mut world = None;
    let ended = catch_unwind(AssertUnwindSafe(|| {
        runtime.block_on(async { live(world.insert(World::new(seed, plant)).clone()).await })
    }));
    let broken = match ended {
        Ok(ended) => ended.err(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            Some(format!("a panic: {}", text.or(panic.downcast_ref::<&str>().copied()).unwrap_or_default()))
        }
    };
    let Some(world) = world else { panic!("seed {seed} has no world") };
    Ended { seed, plan: world.plan.clone(), trace: world.take_trace(), broken }
}

async fn live(world: Arc<World>) -> Result<(), String> {
    let whole = async {
        let lab = Lab::new(world.clone());
        let chaos = tokio::spawn(chaos(lab.clone()));
        let clients = (0..world.plan.clients).map(|_| tokio::spawn(client(lab.clone())));
        for client in join_all(clients).await {
            client.map_err(|error| error.to_string())?;
        }
        world.calm();
        chaos.await.map_err(|error| error.to_string())?;
        // What was late has come by then.
        sleep(Duration::from_secs(6)).await;
        let verdict = verdict(&lab).await;
        // What was seen on the way comes first: the rest may follow from it.
        let endless = world.is_endless().then(|| "it does not come to an end".to_owned());
        endless.or(world.first_broken()).map_or(verdict, Err)
    };
    let hangs = || Err("it hangs, or does not come to an end".to_owned());
    timeout(MOST, whole).await.unwrap_or_else(|_| hangs())
}
