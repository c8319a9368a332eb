//! Commands on one cached aggregate, whose length does not matter: it is read once.

use std::hint::black_box;

use event_sourcing::prelude::*;

use super::{Case, Scale, check, on_one_thread};
use crate::{
    Error,
    bank::Deposit,
    meter::{Meter, Sample},
};

/// The case that others in memory are compared with.
pub(super) const BASE: &str = "app/long";

/// How long the stream is when the clock starts.
pub(super) const LONG: u64 = 1_000;

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new(BASE, "App::execute", BASE, |scale, meter| execute(Codec::Bincode, scale, meter)),
        Case::new("app/long/json", "App::execute, events as JSON", BASE, |scale, meter| {
            execute(Codec::Json, scale, meter)
        }),
    ]
}

fn execute(codec: Codec, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_one_thread(async {
        let app = App::builder(MemoryEventStore::new()).codec(codec).start().await?;
        let id = "account-000001".to_owned();
        for _ in 0..LONG {
            app.execute(&id, Deposit::sample()).await?;
        }
        let running = meter.start();
        for _ in 0..scale.commands {
            black_box(app.execute(&id, black_box(Deposit::sample())).await?);
        }
        let sample = running.stop(scale.commands);
        check(&app, &id, LONG + scale.commands).await?;
        Ok(sample)
    })
}
