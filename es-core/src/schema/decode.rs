//! Stored bytes to JSON, by the shape alone: the application's code is not needed.
//!
//! Reads the format of bincode 2 (its standard configuration) by itself, since that is what is stored for ever.

mod input;
mod time;

use std::{
    fmt::Write as _,
    net::{Ipv4Addr, Ipv6Addr},
};

use super::{Scalar, Shape};
use crate::event::Codec;
use input::Input;

/// The most values inside each other, as in serde_json.
const DEPTH: usize = 128;
/// The most bytes of JSON made of one event: a corrupt length must not become an allocation.
const LIMIT: usize = 64 << 20;

/// An event's bytes do not fit the shape.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ToJsonError {
    /// The bytes say something that the shape has no place for, or end too soon.
    #[error(
        "byte {at}: {reason}: the bytes are corrupt, or the lock file is not the one they were written by"
    )]
    Malformed {
        /// How far it went.
        at: usize,
        /// What is wrong there.
        reason: String,
    },
    /// The value is larger, or deeper, than can be shown.
    #[error("byte {at}: {reason}")]
    Bounds {
        /// How far it went.
        at: usize,
        /// Which bound.
        reason: String,
    },
}

/// The fields of a stored event as JSON, as the event's own `Serialize` would write them with serde_json.
///
/// A map whose keys are no texts, which JSON cannot have, becomes a list of pairs.
///
/// ```
/// use es_core::{event::Codec, schema::{Shape, to_json}};
/// let shape = Shape::parse("amount: u64\nnote: option<string>\n")?;
/// let json = to_json(&shape, Codec::Bincode, b"\x32\x01\x03fee")?;
/// assert_eq!(json, r#"{"amount":50,"note":"fee"}"#);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// The bytes do not fit the shape, or the value is out of bounds: deeper than 128, or more than 64 MiB of JSON.
pub fn to_json(shape: &Shape, codec: Codec, bytes: &[u8]) -> Result<String, ToJsonError> {
    match codec {
        Codec::Json => match serde_json::from_slice::<&serde_json::value::RawValue>(bytes) {
            Ok(json) => Ok(json.get().to_owned()),
            Err(error) => Err(ToJsonError::Malformed {
                at: error.column().saturating_sub(1),
                reason: error.to_string(),
            }),
        },
        Codec::Bincode => {
            let mut reader =
                Reader { input: Input::new(bytes), out: String::new(), around: Vec::new(), depth: 0 };
            reader.value(shape)?;
            reader.input.end()?;
            Ok(reader.out)
        }
    }
}

struct Reader<'a> {
    input: Input<'a>,
    out: String,
    /// The tuples, structs and enums around this place.
    around: Vec<&'a Shape>,
    depth: usize,
}

impl<'a> Reader<'a> {
    fn value(&mut self, shape: &'a Shape) -> Result<(), ToJsonError> {
        self.depth += 1;
        if self.depth > DEPTH {
            return Err(self.input.bounds(format!("more than {DEPTH} values are inside each other")));
        }
        if self.out.len() > LIMIT {
            return Err(self.input.bounds(format!("the event is more than {LIMIT} bytes of JSON")));
        }
        match shape {
            Shape::Scalar(scalar) => self.scalar(*scalar)?,
            Shape::Optional(of) => match self.input.byte()? {
                0 => self.out.push_str("null"),
                1 => self.value(of)?,
                other => return Err(self.input.malformed(format!("{other} is neither none nor some"))),
            },
            Shape::List(of) => {
                let count = self.input.length()?;
                self.elements(of, count)?;
            }
            Shape::Array(of, count) => self.elements(of, *count)?,
            Shape::Map(key, value) => self.map(key, value)?,
            Shape::Tuple(parts) => {
                self.around.push(shape);
                self.out.push('[');
                for (i, part) in parts.iter().enumerate() {
                    self.comma(i);
                    self.value(part)?;
                }
                self.out.push(']');
                self.around.pop();
            }
            Shape::Struct(fields) => {
                self.around.push(shape);
                self.out.push('{');
                for (i, (name, field)) in fields.iter().enumerate() {
                    self.comma(i);
                    self.text(name);
                    self.out.push(':');
                    self.value(field)?;
                }
                self.out.push('}');
                self.around.pop();
            }
            Shape::Enum(variants) => {
                let (name, body) = self.variant(variants)?;
                self.around.push(shape);
                match body {
                    None => self.text(name),
                    Some(body) => {
                        self.out.push('{');
                        self.text(name);
                        self.out.push(':');
                        self.value(body)?;
                        self.out.push('}');
                    }
                }
                self.around.pop();
            }
            Shape::Again(up) => self.again(*up)?,
        }
        self.depth -= 1;
        Ok(())
    }

    /// A type that is around this place, seen from where it stands.
    fn again(&mut self, up: usize) -> Result<(), ToJsonError> {
        let at = self.around.len().checked_sub(up + 1);
        let Some((at, shape)) = at.and_then(|at| Some((at, *self.around.get(at)?))) else {
            return Err(self.input.malformed("the shape refers to one that is not there".to_owned()));
        };
        let inner = self.around.split_off(at);
        self.value(shape)?;
        self.around.extend(inner);
        Ok(())
    }

    fn elements(&mut self, of: &'a Shape, count: usize) -> Result<(), ToJsonError> {
        self.out.push('[');
        for i in 0..count {
            self.comma(i);
            self.value(of)?;
        }
        self.out.push(']');
        Ok(())
    }

    fn map(&mut self, key: &'a Shape, value: &'a Shape) -> Result<(), ToJsonError> {
        let count = self.input.length()?;
        let by_text = is_text(key);
        self.out.push(if by_text { '{' } else { '[' });
        for i in 0..count {
            self.comma(i);
            if by_text {
                self.key(key)?;
                self.out.push(':');
                self.value(value)?;
            } else {
                self.out.push('[');
                self.value(key)?;
                self.out.push(',');
                self.value(value)?;
                self.out.push(']');
            }
        }
        self.out.push(if by_text { '}' } else { ']' });
        Ok(())
    }

    /// A key: a number is in quotes.
    fn key(&mut self, key: &'a Shape) -> Result<(), ToJsonError> {
        let start = self.out.len();
        self.value(key)?;
        if !self.out[start..].starts_with('"') {
            self.out.insert(start, '"');
            self.out.push('"');
        }
        Ok(())
    }

    fn variant(
        &mut self,
        variants: &'a [(String, Option<Shape>)],
    ) -> Result<(&'a str, Option<&'a Shape>), ToJsonError> {
        let number = self.input.unsigned(32)?;
        let found = usize::try_from(number).ok().and_then(|at| variants.get(at));
        let Some((name, body)) = found else {
            let reason = format!("variant {number} of an enum that has {}", variants.len());
            return Err(self.input.malformed(reason));
        };
        Ok((name, body.as_ref()))
    }

    fn scalar(&mut self, scalar: Scalar) -> Result<(), ToJsonError> {
        use Scalar as S;
        match scalar {
            S::Bool => match self.input.byte()? {
                0 => self.out.push_str("false"),
                1 => self.out.push_str("true"),
                other => return Err(self.input.malformed(format!("{other} is neither false nor true"))),
            },
            S::U8 => {
                let value = self.input.byte()?;
                self.show(value);
            }
            S::I8 => {
                let value = self.input.byte()?.cast_signed();
                self.show(value);
            }
            S::U16 | S::U32 | S::U64 | S::U128 => {
                let value = self.input.unsigned(bits(scalar))?;
                self.show(value);
            }
            S::I16 | S::I32 | S::I64 | S::I128 => {
                let value = self.input.signed(bits(scalar))?;
                self.show(value);
            }
            S::F32 => {
                let value = f32::from_le_bytes(self.input.array()?);
                self.json(&value);
            }
            S::F64 => {
                let value = f64::from_le_bytes(self.input.array()?);
                self.json(&value);
            }
            S::Char => {
                let value = self.input.letter()?;
                self.json(&value);
            }
            S::Text
            | S::DecimalText
            | S::ChronoDateTime
            | S::ChronoNaiveDateTime
            | S::ChronoDate
            | S::ChronoTime => {
                let value = self.input.text()?;
                self.text(value);
            }
            S::Unit => self.out.push_str("null"),
            S::Id => {
                let length = self.input.length()?;
                if length != 16 {
                    return Err(self.input.malformed(format!("an id of {length} bytes")));
                }
                let value = uuid::Uuid::from_bytes(self.input.array()?);
                self.quoted(value);
            }
            S::Ip => match self.input.unsigned(32)? {
                0 => self.scalar(S::Ipv4)?,
                1 => self.scalar(S::Ipv6)?,
                other => return Err(self.input.malformed(format!("an address of kind {other}"))),
            },
            S::Ipv4 => {
                let value = Ipv4Addr::from(self.input.array::<4>()?);
                self.quoted(value);
            }
            S::Ipv6 => {
                let value = Ipv6Addr::from(self.input.array::<16>()?);
                self.quoted(value);
            }
            S::TimeOffsetDateTime
            | S::TimePrimitiveDateTime
            | S::TimeDate
            | S::TimeTime
            | S::TimeDuration => {
                let value = time::read(scalar, &mut self.input)?;
                self.quoted(value);
            }
        }
        Ok(())
    }

    fn comma(&mut self, i: usize) {
        if i > 0 {
            self.out.push(',');
        }
    }

    fn text(&mut self, text: &str) {
        self.json(text);
    }

    /// What serde_json writes; it cannot fail for texts and numbers.
    fn json(&mut self, value: &(impl serde::Serialize + ?Sized)) {
        self.out.push_str(&serde_json::to_string(value).unwrap_or_default());
    }

    fn show(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.out, "{value}");
    }

    fn quoted(&mut self, value: impl std::fmt::Display) {
        let _ = write!(self.out, "\"{value}\"");
    }
}

fn bits(scalar: Scalar) -> u32 {
    match scalar {
        Scalar::U16 | Scalar::I16 => 16,
        Scalar::U32 | Scalar::I32 => 32,
        Scalar::U64 | Scalar::I64 => 64,
        _ => 128,
    }
}

/// Whether serde_json takes it for a key.
fn is_text(key: &Shape) -> bool {
    match key {
        Shape::Scalar(scalar) => *scalar != Scalar::Unit,
        Shape::Enum(variants) => variants.iter().all(|(_, body)| body.is_none()),
        _ => false,
    }
}
