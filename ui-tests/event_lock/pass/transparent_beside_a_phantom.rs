use std::marker::PhantomData;

use event_sourcing::prelude::*;
use serde::{Deserialize, Serialize};

pub struct Customer;

/// Stored as the number: serde looks past what is called `PhantomData`.
#[derive(EventSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Id {
    pub of: PhantomData<Customer>,
    pub id: u64,
}

#[derive(EventSchema, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Code(#[serde(skip)] pub u8, pub std::marker::PhantomData<Customer>, pub String);

#[derive(Event, Serialize, Deserialize)]
#[event("customer.merged")]
pub struct Merged {
    pub from: Id,
    pub into: Code,
}

fn main() {
    let merged = Merged { from: Id { of: PhantomData, id: 7 }, into: Code(0, PhantomData, "b".to_owned()) };
    let mut bytes = Vec::new();
    Codec::Bincode.encode(&merged, &mut bytes).expect("it can be written");
    assert_eq!(bytes, b"\x07\x01b");
}
