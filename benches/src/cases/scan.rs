//! Where all streams end: what verification and rebuilds begin with.

use std::{rc::Rc, sync::Arc};

use event_sourcing::{
    event::FrameBuilder,
    prelude::*,
    store::{Commit, EventStore, StreamId, Version},
};
use futures_util::{StreamExt, TryStreamExt, stream};
use uuid::Uuid;

use super::{Case, Scale, cassandra::Place, on_all_threads, same};
use crate::{
    Error,
    bank::{AccountEvent, Deposit, Deposited},
    meter::{Meter, Sample},
};

const PAGE: usize = 1_000;
const PARTS: usize = 8;

pub(super) fn cases(place: &Rc<Place>) -> Vec<Case> {
    let base = "cassandra/scan/1";
    let case = |key: &str, label: String, parts| {
        let place = place.clone();
        Case::new(key, label, base, move |scale: &Scale, meter| scan(&place, parts, scale, meter))
    };
    vec![
        case(base, "every stream's end, page by page".to_owned(), 1),
        case("cassandra/scan/8", format!("every stream's end, in {PARTS} parts side by side"), PARTS),
    ]
}

fn scan(place: &Place, parts: usize, scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    on_all_threads(async {
        let line = place.line(meter).await?;
        let store = place.store(&line).await?;
        let streams = scale.durable;
        // The same ones each time: they are written once.
        let category = format!("scan{streams}");
        if ends(&store, &category, None).await? == 0 {
            let appends = stream::iter(0..streams).map(|n| begin(&store, &category, n));
            appends.buffer_unordered(64).try_collect::<()>().await?;
        }
        let before = line.bytes();
        let running = meter.start();
        let parts = store.parts(&category, parts).into_iter().map(|part| ends(&store, &category, part));
        let found: Vec<u64> = stream::iter(parts).buffer_unordered(PARTS).try_collect().await?;
        let sample = running.stop(streams);
        same("number of streams", found.iter().sum(), streams)?;
        Ok(Sample { wire: line.since(before), ..sample })
    })
}

async fn begin(store: &impl EventStore, category: &str, n: u64) -> Result<(), Error> {
    let Deposit { amount, reference } = Deposit::sample();
    let event = AccountEvent::Deposited(Deposited { amount, reference });
    let mut frame = FrameBuilder::new(Codec::Bincode);
    frame.push(Uuid::now_v7(), &CommandMetadata::default(), &[event])?;
    let stream = StreamId::new(category.to_owned(), format!("account-{n:06}"));
    Ok(store.append(Arc::new(Commit::following(&Version::EMPTY, stream, Codec::Bincode, frame))).await?)
}

/// How many streams end in a part.
async fn ends(store: &impl EventStore, category: &str, mut after: Option<String>) -> Result<u64, Error> {
    let mut found = 0;
    loop {
        let page = store.heads(category, after.as_deref(), PAGE).await?;
        found += page.heads.len() as u64;
        match page.next {
            Some(next) => after = Some(next),
            None => return Ok(found),
        }
    }
}
