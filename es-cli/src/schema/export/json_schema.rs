use es_core::schema::{Scalar, Shape};
use serde_json::{Map, Value, json};

/// The JSON Schema of a shape that stands at `pointer` of its document.
pub(super) fn of(shape: &Shape, pointer: &str) -> Value {
    Writer { around: Vec::new() }.value(shape, pointer)
}

struct Writer {
    /// Where the tuples, structs and enums around this place are.
    around: Vec<String>,
}

impl Writer {
    fn value(&mut self, shape: &Shape, pointer: &str) -> Value {
        match shape {
            Shape::Scalar(scalar) => scalar_schema(*scalar),
            Shape::Optional(of) => {
                json!({ "anyOf": [self.value(of, &format!("{pointer}/anyOf/0")), { "type": "null" }] })
            }
            Shape::List(of) => {
                json!({ "type": "array", "items": self.value(of, &format!("{pointer}/items")) })
            }
            Shape::Array(of, count) => json!({
                "type": "array",
                "items": self.value(of, &format!("{pointer}/items")),
                "minItems": count,
                "maxItems": count,
            }),
            Shape::Map(_, value) => json!({
                "type": "object",
                "additionalProperties": self.value(value, &format!("{pointer}/additionalProperties")),
            }),
            Shape::Tuple(parts) => {
                let values = self.inside(pointer, |writer| {
                    let parts = parts.iter().enumerate();
                    let values =
                        parts.map(|(i, part)| writer.value(part, &format!("{pointer}/prefixItems/{i}")));
                    values.collect::<Vec<_>>()
                });
                let count = values.len();
                json!({ "type": "array", "prefixItems": values, "items": false, "minItems": count })
            }
            Shape::Struct(fields) => {
                let properties = self.inside(pointer, |writer| {
                    let fields = fields.iter().map(|(name, field)| {
                        (
                            name.clone(),
                            writer.value(field, &format!("{pointer}/properties/{}", escaped(name))),
                        )
                    });
                    fields.collect::<Map<_, _>>()
                });
                let required: Vec<&String> = fields.iter().map(|(name, _)| name).collect();
                json!({
                    "type": "object",
                    "properties": properties,
                    "required": required,
                    "additionalProperties": false,
                })
            }
            Shape::Enum(variants) => {
                let values = self.inside(pointer, |writer| {
                    let variants = variants.iter().enumerate();
                    let values =
                        variants.map(|(i, variant)| writer.variant(variant, &format!("{pointer}/oneOf/{i}")));
                    values.collect::<Vec<_>>()
                });
                json!({ "oneOf": values })
            }
            Shape::Again(up) => {
                let target = self.around.iter().rev().nth(*up).map_or("", String::as_str);
                json!({ "$ref": target })
            }
            other => json!({ "$comment": format!("not known here: {other:?}") }),
        }
    }

    fn variant(&mut self, (name, body): &(String, Option<Shape>), pointer: &str) -> Value {
        match body {
            None => json!({ "const": name }),
            Some(body) => json!({
                "type": "object",
                "properties": { name: self.value(body, &format!("{pointer}/properties/{}", escaped(name))) },
                "required": [name],
                "additionalProperties": false,
            }),
        }
    }

    fn inside<T>(&mut self, pointer: &str, make: impl FnOnce(&mut Self) -> T) -> T {
        self.around.push(pointer.to_owned());
        let made = make(self);
        self.around.pop();
        made
    }
}

/// A name in a JSON pointer in a fragment of a URI.
fn escaped(name: &str) -> String {
    let mut escaped = String::new();
    for byte in name.replace('~', "~0").replace('/', "~1").bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~$".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.push_str(&format!("%{byte:02X}"));
        }
    }
    escaped
}

fn scalar_schema(scalar: Scalar) -> Value {
    let integer = |least: i128, most: Option<u128>| {
        let mut schema = json!({ "type": "integer" });
        // Beyond 64 bits JSON has no numbers that all readers understand.
        if let Ok(least) = i64::try_from(least) {
            schema["minimum"] = json!(least);
        }
        if let Some(most) = most.and_then(|most| u64::try_from(most).ok()) {
            schema["maximum"] = json!(most);
        }
        schema
    };
    let signed = |least: i64, most: i64| integer(i128::from(least), Some(u128::from(most.unsigned_abs())));
    let text = |format: &str| json!({ "type": "string", "format": format });
    match scalar {
        Scalar::Bool => json!({ "type": "boolean" }),
        Scalar::U8 => integer(0, Some(u8::MAX.into())),
        Scalar::U16 => integer(0, Some(u16::MAX.into())),
        Scalar::U32 => integer(0, Some(u32::MAX.into())),
        Scalar::U64 => integer(0, Some(u64::MAX.into())),
        Scalar::U128 => integer(0, None),
        Scalar::I8 => signed(i8::MIN.into(), i8::MAX.into()),
        Scalar::I16 => signed(i16::MIN.into(), i16::MAX.into()),
        Scalar::I32 => signed(i32::MIN.into(), i32::MAX.into()),
        Scalar::I64 => signed(i64::MIN, i64::MAX),
        Scalar::I128 => integer(i128::MIN, None),
        // Not a number, and the infinities, are null.
        Scalar::F32 | Scalar::F64 => json!({ "type": ["number", "null"] }),
        Scalar::Char => json!({ "type": "string", "minLength": 1, "maxLength": 1 }),
        Scalar::Unit => json!({ "type": "null" }),
        Scalar::Id => text("uuid"),
        Scalar::Ip => json!({ "anyOf": [text("ipv4"), text("ipv6")] }),
        Scalar::Ipv4 => text("ipv4"),
        Scalar::Ipv6 => text("ipv6"),
        Scalar::ChronoDateTime => text("date-time"),
        Scalar::ChronoDate | Scalar::TimeDate => text("date"),
        Scalar::DecimalText => json!({ "type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$" }),
        _ => json!({ "type": "string" }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_kind_of_shape() {
        let text = "id: uuid\nnote: option<string>\nlines: list<struct>\nlines[].qty: u8\nlines[].parts: list<^lines[]>\n\
                    pay: enum\npay::Cash\npay::Card: tuple\npay::Card.0: i8\nrates: map<string, array<f64, 2>>\n";
        let schema = of(&Shape::parse(text).unwrap(), "#/$defs/a.b.v1");
        let property = |name: &str| schema["properties"][name].clone();
        assert_eq!(schema["required"], json!(["id", "note", "lines", "pay", "rates"]));
        assert_eq!(property("id"), json!({ "type": "string", "format": "uuid" }));
        assert_eq!(property("note"), json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] }));
        let line = &property("lines")["items"]["properties"];
        assert_eq!(line["qty"], json!({ "type": "integer", "minimum": 0, "maximum": 255 }));
        let again = &line["parts"]["items"]["$ref"];
        assert_eq!(again, "#/$defs/a.b.v1/properties/lines/items");
        assert_eq!(property("pay")["oneOf"][0], json!({ "const": "Cash" }));
        let card = &property("pay")["oneOf"][1]["properties"]["Card"];
        assert_eq!(card["prefixItems"], json!([{ "type": "integer", "minimum": -128, "maximum": 127 }]));
        let rates = &property("rates")["additionalProperties"];
        assert_eq!((&rates["minItems"], &rates["items"]["type"]), (&json!(2), &json!(["number", "null"])));
    }

    #[test]
    fn pointers_are_escaped() {
        assert_eq!(escaped("a/b c~"), "a~1b%20c~0");
    }
}
