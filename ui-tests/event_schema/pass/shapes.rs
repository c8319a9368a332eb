//! The derive says what serde writes: the text of the shape, and bytes that are read by it alone.

use std::{borrow::Cow, collections::BTreeMap};

use event_sourcing::{
    event::Codec,
    prelude::*,
    schema::{Shape, text_of, to_json},
};
use serde::{Deserialize, Serialize};

#[derive(EventSchema, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a, T> {
    stock_unit: Cow<'a, str>,
    r#type: T,
    #[serde(rename = "qty", alias = "quantity")]
    quantity: u32,
    #[serde(skip)]
    cached: u64,
    #[serde(default)]
    parts: Vec<Line<'a, T>>,
}

#[derive(EventSchema, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", rename_all_fields = "SCREAMING-KEBAB-CASE")]
enum Payment {
    Cash,
    BankTransfer(Iban),
    #[serde(rename = "CARD", rename_all = "PascalCase")]
    Card { card_number: String, valid: (u8, u16) },
    Split { first_part: u64, rest: Option<Box<Payment>> },
    Pair(u8, #[serde(skip)] u8, char),
    Nothing(()),
}

#[derive(EventSchema, Clone, Serialize, Deserialize)]
#[serde(transparent)]
struct Iban {
    text: String,
}

#[derive(EventSchema, Clone, Serialize, Deserialize)]
#[serde(from = "u64", into = "u64")]
struct Cents {
    cents: u64,
}
impl From<u64> for Cents {
    fn from(cents: u64) -> Self {
        Self { cents }
    }
}
impl From<Cents> for u64 {
    fn from(cents: Cents) -> u64 {
        cents.cents
    }
}

#[derive(EventSchema, Serialize, Deserialize)]
struct Meters(f64);

#[derive(EventSchema, Serialize, Deserialize)]
struct Pair(u8, Meters);

#[derive(EventSchema, Serialize, Deserialize)]
struct Nothing;

/// Leads back to `Tree` through another type.
#[derive(EventSchema, Serialize, Deserialize)]
struct Tree {
    branches: Vec<Branch>,
}
#[derive(EventSchema, Serialize, Deserialize)]
struct Branch {
    #[event_schema(recursive = Tree)]
    tree: Tree,
    length: i16,
}

mod seconds {
    use serde::{Deserialize, Deserializer, Serializer};
    use std::time::Duration;

    pub fn serialize<S: Serializer>(d: &Duration, to: S) -> Result<S::Ok, S::Error> {
        to.serialize_u64(d.as_secs())
    }
    pub fn deserialize<'de, D: Deserializer<'de>>(from: D) -> Result<Duration, D::Error> {
        u64::deserialize(from).map(Duration::from_secs)
    }
}

#[derive(Event, Serialize, Deserialize)]
#[event("order.placed")]
struct Placed {
    lines: Vec<Line<'static, i8>>,
    payments: BTreeMap<String, Payment>,
    total: Cents,
    pair: Pair,
    nothing: Nothing,
    tree: Tree,
    #[serde(with = "seconds")]
    #[event_schema(as = u64)]
    within: std::time::Duration,
}

const SHAPE: &str = "\
lines: list<struct>
lines[].stockUnit: string
lines[].type: i8
lines[].qty: u32
lines[].parts: list<^lines[]>
payments: map<string, enum>
payments{}::cash
payments{}::bank_transfer: string
payments{}::CARD: struct
payments{}::CARD.CardNumber: string
payments{}::CARD.Valid: tuple
payments{}::CARD.Valid.0: u8
payments{}::CARD.Valid.1: u16
payments{}::split: struct
payments{}::split.FIRST-PART: u64
payments{}::split.REST: option<^payments{}>
payments{}::pair: tuple
payments{}::pair.0: u8
payments{}::pair.1: char
payments{}::nothing: unit
total: u64
pair: tuple
pair.0: u8
pair.1: f64
nothing: unit
tree: struct
tree.branches: list<struct>
tree.branches[].tree: ^tree
tree.branches[].length: i16
within: u64
";

fn main() {
    let text = text_of(Placed::SCHEMA);
    assert_eq!(text, SHAPE);
    let line = |parts| Line { stock_unit: "A-1".into(), r#type: -1, quantity: 300, cached: 7, parts };
    let card = Payment::Card { card_number: "4111".to_owned(), valid: (12, 2030) };
    let tree = |branches| Tree { branches };
    let placed = Placed {
        lines: vec![line(vec![line(vec![])]), line(vec![])],
        payments: [
            ("a", Payment::Cash),
            ("b", Payment::BankTransfer(Iban { text: "DE02".to_owned() })),
            ("c", card),
            ("d", Payment::Split { first_part: 1, rest: Some(Box::new(Payment::Pair(1, 2, 'x'))) }),
            ("e", Payment::Nothing(())),
        ]
        .map(|(key, payment)| (key.to_owned(), payment))
        .into(),
        total: Cents { cents: 1 << 40 },
        pair: Pair(9, Meters(0.5)),
        nothing: Nothing,
        tree: tree(vec![Branch { tree: tree(vec![]), length: -300 }]),
        within: std::time::Duration::from_secs(90),
    };
    let shape = Shape::parse(&text).unwrap();
    let encoded = |codec: Codec| {
        let mut bytes = Vec::new();
        codec.encode(&placed, &mut bytes).unwrap();
        bytes
    };
    let json = String::from_utf8(encoded(Codec::Json)).unwrap();
    assert_eq!(to_json(&shape, Codec::Bincode, &encoded(Codec::Bincode)).unwrap(), json);
    assert!(json.contains(r#""CARD":{"CardNumber":"4111","Valid":[12,2030]}"#), "{json}");
}
