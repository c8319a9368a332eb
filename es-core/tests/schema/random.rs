//! Random shapes, and random values of them.

use std::cell::Cell;

use es_core::{
    event::Codec,
    schema::{Field, Scalar, Schema, Shape, Variant, text_of, to_json},
};
use proptest::prelude::*;
use serde::{
    Serialize, Serializer,
    ser::{
        SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleVariant,
    },
};

const NAMES: [&str; 8] = ["a", "amount", "r2-d2", "größe", "a: b", "say \"hi\"", "", "x.y[]<>,\n\\"];
/// More of them than a test makes, so that a recursive type can be named.
const TYPES: [&str; 4] = ["Order", "Line", "Node", "Kind"];

fn scalar() -> impl Strategy<Value = Scalar> {
    use Scalar as S;
    prop::sample::select(vec![
        S::Bool,
        S::U8,
        S::U16,
        S::U32,
        S::U64,
        S::U128,
        S::I8,
        S::I16,
        S::I32,
        S::I64,
        S::I128,
        S::F32,
        S::F64,
        S::Char,
        S::Text,
        S::Unit,
        S::Id,
    ])
}

fn leak<T>(value: T) -> &'static T {
    Box::leak(Box::new(value))
}

fn all<T>(values: Vec<T>) -> &'static [T] {
    Box::leak(values.into_boxed_slice())
}

fn schema() -> impl Strategy<Value = &'static Schema> {
    let leaf = scalar().prop_map(|scalar| leak(Schema::Scalar(scalar)));
    leaf.prop_recursive(4, 24, 4, |inner| {
        let name = prop::sample::select(TYPES.to_vec());
        prop_oneof![
            inner.clone().prop_map(|of| leak(Schema::Optional(of))),
            inner.clone().prop_map(|of| leak(Schema::List(of))),
            (inner.clone(), 0..4_usize).prop_map(|(of, n)| leak(Schema::Array(of, n))),
            (prop_oneof![Just(Scalar::Text), Just(Scalar::U64), Just(Scalar::Id)], inner.clone())
                .prop_map(|(key, value)| leak(Schema::Map(leak(Schema::Scalar(key)), value))),
            (name.clone(), prop::collection::vec(inner.clone(), 0..4))
                .prop_map(|(name, parts)| leak(Schema::Tuple { name, parts: all(parts) })),
            structs(name.clone(), inner.clone()),
            (name, prop::collection::vec(prop::option::of(inner), 1..5)).prop_map(|(name, bodies)| {
                let variants = NAMES.into_iter().zip(bodies).map(|(name, body)| Variant { name, body });
                leak(Schema::Enum { name, variants: all(variants.collect()) })
            }),
        ]
    })
}

/// Sometimes with a field that leads back to the struct.
fn structs(
    name: impl Strategy<Value = &'static str>,
    inner: impl Strategy<Value = &'static Schema>,
) -> impl Strategy<Value = &'static Schema> {
    (name, prop::collection::vec(inner, 0..5), any::<bool>()).prop_map(|(name, inner, again)| {
        let mut fields: Vec<_> =
            NAMES.into_iter().zip(inner).map(|(name, schema)| Field { name, schema }).collect();
        if again {
            fields.push(Field { name: "again", schema: leak(Schema::Optional(leak(Schema::Again(name)))) });
        }
        leak(Schema::Struct { name, fields: all(fields) })
    })
}

/// A random value of a schema: drawn while it is written, the same again from the same seed.
struct Random<'a> {
    schema: &'static Schema,
    around: Vec<&'static Schema>,
    seed: &'a Cell<u64>,
}

impl Random<'_> {
    fn draw(&self) -> u64 {
        let mut x = self.seed.get();
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
        self.seed.set(x);
        // Small and large ones alike.
        x.wrapping_mul(0x2545_f491_4f6c_dd1d) >> (x % 64)
    }

    fn of(&self, schema: &'static Schema) -> Self {
        let mut around = self.around.clone();
        if matches!(self.schema, Schema::Tuple { .. } | Schema::Struct { .. } | Schema::Enum { .. }) {
            around.push(self.schema);
        }
        Self { schema, around, seed: self.seed }
    }

    fn text(&self) -> String {
        let letters = ["a", "Z", "\"", "\\", "\n", "ß", "→", "😀"];
        (0..self.draw() % 9).map(|_| letters[(self.draw() % 8) as usize]).collect()
    }
}

impl Serialize for Random<'_> {
    fn serialize<S: Serializer>(&self, to: S) -> Result<S::Ok, S::Error> {
        let wide = || u128::from(self.draw()) * u128::from(self.draw());
        match self.schema {
            Schema::Scalar(scalar) => match scalar {
                Scalar::Bool => to.serialize_bool(self.draw() % 2 == 1),
                Scalar::U8 => to.serialize_u8(self.draw() as u8),
                Scalar::U16 => to.serialize_u16(self.draw() as u16),
                Scalar::U32 => to.serialize_u32(self.draw() as u32),
                Scalar::U64 => to.serialize_u64(self.draw()),
                Scalar::U128 => to.serialize_u128(wide()),
                Scalar::I8 => to.serialize_i8(self.draw() as i8),
                Scalar::I16 => to.serialize_i16(self.draw() as i16),
                Scalar::I32 => to.serialize_i32(self.draw() as i32),
                Scalar::I64 => to.serialize_i64(self.draw() as i64),
                Scalar::I128 => to.serialize_i128(wide() as i128),
                Scalar::F32 => to.serialize_f32(f32::from_bits(self.draw() as u32)),
                Scalar::F64 => to.serialize_f64(f64::from_bits(self.draw())),
                Scalar::Char => to.serialize_char(self.text().chars().next().unwrap_or('x')),
                Scalar::Text => to.serialize_str(&self.text()),
                Scalar::Unit => to.serialize_unit(),
                Scalar::Id => uuid::Uuid::from_u128(wide()).serialize(to),
                other => panic!("not drawn here: {other:?}"),
            },
            // Fewer and fewer of them, so that recursive types end.
            Schema::Optional(of) if self.around.len() < 12 && self.draw() % 2 == 1 => {
                to.serialize_some(&self.of(of))
            }
            Schema::Optional(_) => to.serialize_none(),
            Schema::List(of) => {
                let count = (self.draw() % 4) as usize;
                let mut seq = to.serialize_seq(Some(count))?;
                for _ in 0..count {
                    seq.serialize_element(&self.of(of))?;
                }
                seq.end()
            }
            Schema::Array(of, count) => {
                let mut tuple = to.serialize_tuple(*count)?;
                for _ in 0..*count {
                    tuple.serialize_element(&self.of(of))?;
                }
                tuple.end()
            }
            Schema::Map(key, value) => {
                let count = (self.draw() % 3) as usize;
                let mut map = to.serialize_map(Some(count))?;
                for _ in 0..count {
                    map.serialize_entry(&self.of(key), &self.of(value))?;
                }
                map.end()
            }
            Schema::Tuple { parts, .. } => {
                let mut tuple = to.serialize_tuple(parts.len())?;
                for part in *parts {
                    tuple.serialize_element(&self.of(part))?;
                }
                tuple.end()
            }
            Schema::Struct { name, fields } => {
                let mut fields_out = to.serialize_struct(name, fields.len())?;
                for field in *fields {
                    fields_out.serialize_field(field.name, &self.of(field.schema))?;
                }
                fields_out.end()
            }
            Schema::Enum { name, variants } => {
                let at = (self.draw() % variants.len() as u64) as usize;
                let (variant, index) = (&variants[at], at as u32);
                match variant.body {
                    None => to.serialize_unit_variant(name, index, variant.name),
                    // As serde's derive does for variants with fields.
                    Some(body @ Schema::Struct { fields, .. }) => {
                        let body = self.of(body);
                        let mut out = to.serialize_struct_variant(name, index, variant.name, fields.len())?;
                        for field in *fields {
                            out.serialize_field(field.name, &body.of(field.schema))?;
                        }
                        out.end()
                    }
                    Some(body @ Schema::Tuple { parts, .. }) => {
                        let body = self.of(body);
                        let mut out = to.serialize_tuple_variant(name, index, variant.name, parts.len())?;
                        for part in *parts {
                            out.serialize_field(&body.of(part))?;
                        }
                        out.end()
                    }
                    Some(body) => to.serialize_newtype_variant(name, index, variant.name, &self.of(body)),
                }
            }
            Schema::Again(wanted) => {
                let named = |schema: &Schema| match schema {
                    Schema::Tuple { name, .. } | Schema::Struct { name, .. } | Schema::Enum { name, .. } => {
                        name == wanted
                    }
                    _ => false,
                };
                let at = self.around.iter().rposition(|schema| named(schema)).unwrap();
                let again = Self { schema: self.around[at], around: self.around.clone(), seed: self.seed };
                again.serialize(to)
            }
            other => panic!("not drawn here: {other:?}"),
        }
    }
}

proptest! {
    /// What bincode wrote, read by the text of the shape alone, is what serde_json writes.
    #[test]
    fn bytes_by_the_shape_alone(schema in structs(Just("Event"), schema()), seed in 1_u64..) {
        let text = text_of(schema);
        let shape = Shape::parse(&text);
        prop_assert!(shape.is_ok(), "{:?}\n{}", shape, text);
        let shape = shape.unwrap();
        let value = |seed: &Cell<u64>, codec: Codec| {
            let mut bytes = Vec::new();
            codec.encode(&Random { schema, around: Vec::new(), seed }, &mut bytes).map(|()| bytes)
        };
        let json = value(&Cell::new(seed), Codec::Json).unwrap();
        let bincode = value(&Cell::new(seed), Codec::Bincode).unwrap();
        let json = String::from_utf8(json).unwrap();
        prop_assert_eq!(to_json(&shape, Codec::Bincode, &bincode).unwrap(), json.clone(), "{}", text);
        prop_assert_eq!(to_json(&shape, Codec::Json, json.as_bytes()).unwrap(), json);
        // Damaged, it is an error or something else, never a panic.
        for at in 0..bincode.len().min(64) {
            let cut = to_json(&shape, Codec::Bincode, &bincode[..at]);
            prop_assert!(cut.is_err(), "{:?}", cut);
            let mut changed = bincode.clone();
            changed[at] = changed[at].wrapping_add(seed as u8 | 1);
            let _ = to_json(&shape, Codec::Bincode, &changed);
        }
    }

    #[test]
    fn foreign_bytes_are_an_error_not_a_panic(
        schema in structs(Just("Event"), schema()),
        bytes in prop::collection::vec(any::<u8>(), 0..100),
    ) {
        let shape = Shape::parse(&text_of(schema)).unwrap();
        let _ = to_json(&shape, Codec::Bincode, &bytes);
        let _ = Shape::parse(&String::from_utf8_lossy(&bytes));
    }

    /// Shapes are texts that people edit.
    #[test]
    fn damaged_text_is_an_error_not_a_panic(
        schema in structs(Just("Event"), schema()),
        at in any::<prop::sample::Index>(),
        instead in prop::sample::select(vec!["", ": ", "\"", "<", ">", "^", ".", "::", "\n", "option<", "ü"]),
    ) {
        let text = text_of(schema);
        let letters: Vec<char> = text.chars().collect();
        prop_assume!(!letters.is_empty());
        let at = at.index(letters.len());
        let (before, after) = (&letters[..at], &letters[at + 1..]);
        let damaged: String = before.iter().copied().chain(instead.chars()).chain(after.iter().copied()).collect();
        if let Ok(shape) = Shape::parse(&damaged) {
            let _ = to_json(&shape, Codec::Bincode, &[1; 64]);
        }
    }
}
