//! What no event store can do without.

use std::{
    hint::black_box,
    sync::{Mutex, PoisonError},
};

use event_sourcing::prelude::{Apply, Codec};

use super::{Case, Scale, long, same};
use crate::{
    Error,
    bank::{AMOUNT, Account, Deposit, deposit},
    meter::{Meter, Sample},
};

pub(super) fn cases() -> Vec<Case> {
    vec![
        Case::new("floor", "floor: decide, encode, apply, push to a Vec under a Mutex", long::BASE, floor)
            .remark("no ids, no checks, no queue, no reply"),
    ]
}

fn floor(scale: &Scale, meter: Meter) -> Result<Sample, Error> {
    let kept: Mutex<Vec<Vec<u8>>> = Mutex::default();
    let mut account = Account::default();
    let running = meter.start();
    for _ in 0..scale.commands {
        let event = deposit(&account, black_box(&Deposit::sample()))?;
        let mut bytes = Vec::with_capacity(128);
        Codec::Bincode.encode(&event, &mut bytes)?;
        account.apply(&event);
        kept.lock().unwrap_or_else(PoisonError::into_inner).push(bytes);
        black_box(event);
    }
    let sample = running.stop(scale.commands);
    same("balance", account.balance, scale.commands * AMOUNT)?;
    same("kept", kept.into_inner()?.len() as u64, scale.commands)?;
    Ok(sample)
}
