//! Commands on aggregates that stay short: every tenth command meets one that is not cached yet.

use std::hint::black_box;

use event_sourcing::prelude::*;

use super::{Case, Scale, check, on_one_thread};
use crate::{
    Error,
    bank::Deposit,
    meter::{Meter, Sample},
};

/// The case that others on short streams are compared with.
pub(super) const BASE: &str = "app/short";

/// How many commands each aggregate gets.
pub(super) const SHORT: u64 = 10;

pub(super) fn cases() -> Vec<Case> {
    vec![Case::new(BASE, "App::execute", BASE, execute).remark("one load in 10 commands")]
}

/// The ids of as many aggregates as `scale` says.
pub(super) fn ids(scale: &Scale) -> Vec<String> {
    (0..scale.aggregates).map(|n| format!("account-{n:06}")).collect()
}

fn execute(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_one_thread(async {
        let app = App::builder(MemoryEventStore::new()).start().await?;
        let ids = ids(scale);
        let running = meter.start();
        for id in &ids {
            for _ in 0..SHORT {
                black_box(app.execute(id, black_box(Deposit::sample())).await?);
            }
        }
        let sample = running.stop(scale.aggregates * SHORT);
        for id in &ids {
            check(&app, id, SHORT).await?;
        }
        Ok(sample)
    })
}
