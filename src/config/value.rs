//! Values, from a file and from text.

use std::{collections::BTreeMap, fmt, time::Duration};

use toml::de::DeValue;

use super::keys::Kind;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Text(String),
    Count(u64),
    Duration(Duration),
    List(Vec<String>),
    /// Names, each with what it has.
    Named(BTreeMap<String, String>),
}

/// As it would be written in a variable.
impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Count(count) => write!(f, "{count}"),
            Self::Duration(time) => write!(f, "{}ms", time.as_millis()),
            Self::List(texts) => f.write_str(&texts.join(",")),
            Self::Named(named) => {
                let pairs: Vec<_> = named.iter().map(|(name, value)| format!("{name}={value}")).collect();
                f.write_str(&pairs.join(","))
            }
        }
    }
}

impl Kind {
    /// The value that `text` is, as in a variable.
    pub(super) fn read(self, text: &str) -> Option<Value> {
        match self {
            Self::Text => Some(Value::Text(text.to_owned())),
            Self::Choice(of) => of.contains(&text).then(|| Value::Text(text.to_owned())),
            Self::Count(most) => {
                text.parse().ok().filter(|count| (1..=most).contains(count)).map(Value::Count)
            }
            Self::Duration => duration(text).map(Value::Duration),
            Self::Interval => duration(text).filter(|time| !time.is_zero()).map(Value::Duration),
            Self::List => list(text.split(',').map(str::trim)),
            Self::Replicas => {
                let pairs = text.split(',').map(|pair| {
                    let (name, count) = pair.split_once('=')?;
                    let (name, count) = (name.trim(), self.entry(count.trim())?);
                    (!name.is_empty()).then(|| (name.to_owned(), count))
                });
                pairs.collect::<Option<_>>().map(Value::Named)
            }
            // Their values may have any sign in them that could be between two.
            Self::Options => None,
        }
    }

    /// One of the named values.
    pub(super) fn entry(self, text: &str) -> Option<String> {
        match self {
            Self::Replicas => {
                text.parse().ok().filter(|count: &u8| *count > 0).map(|count| count.to_string())
            }
            Self::Options => Some(text.to_owned()),
            _ => None,
        }
    }

    /// The value as it is in a file.
    pub(super) fn read_toml(self, value: &DeValue<'_>) -> Option<Value> {
        match (self, value) {
            (Self::Count(_), DeValue::Integer(_)) => self.read(&integer(value)?),
            (Self::Count(_), _) => None,
            (Self::List, DeValue::Array(values)) => {
                let texts: Option<Vec<_>> = values.iter().map(|value| value.get_ref().as_str()).collect();
                list(texts?.into_iter())
            }
            (_, DeValue::String(text)) => self.read(text),
            _ => None,
        }
    }

    /// One of the named values, as it is in a file.
    pub(super) fn entry_toml(self, value: &DeValue<'_>) -> Option<String> {
        match (self, value) {
            (_, DeValue::Integer(_)) => self.entry(&integer(value)?),
            (Self::Options, DeValue::Boolean(is)) => Some(is.to_string()),
            (Self::Options, DeValue::String(text)) => Some(text.to_string()),
            _ => None,
        }
    }

    /// What a value has to be, for people.
    pub(super) fn expected(self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Choice(of) => {
                let of: Vec<_> = of.iter().map(|one| format!("`{one}`")).collect();
                match of.split_last() {
                    Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
                    None => String::new(),
                }
            }
            Self::Count(most) if most < 1000 => format!("a whole number from 1 to {most}"),
            Self::Count(_) => "a whole number of at least 1".to_owned(),
            Self::Duration => "a time, such as \"10s\" or \"500ms\"".to_owned(),
            Self::Interval => "a time above zero, such as \"10s\" or \"500ms\"".to_owned(),
            Self::List => "texts, such as [\"a\", \"b\"] or \"a,b\"".to_owned(),
            Self::Replicas => "numbers from 1 to 255, such as { dc1 = 3 } or \"dc1=3,dc2=3\"".to_owned(),
            Self::Options => "a section of options, each with a value".to_owned(),
        }
    }
}

/// At least one, and none of them empty.
fn list<'a>(texts: impl Iterator<Item = &'a str>) -> Option<Value> {
    let texts: Vec<_> = texts.map(str::to_owned).collect();
    (!texts.is_empty() && texts.iter().all(|text| !text.is_empty())).then_some(Value::List(texts))
}

/// In decimal, whichever base it was written in.
fn integer(value: &DeValue<'_>) -> Option<String> {
    let integer = value.as_integer()?;
    i64::from_str_radix(integer.as_str(), integer.radix()).ok().map(|number| number.to_string())
}

/// A whole number of one unit: `500ms`, `10s`, `5m`, `2h`.
fn duration(text: &str) -> Option<Duration> {
    let at = text.find(|c: char| !c.is_ascii_digit())?;
    let (number, unit) = text.split_at(at);
    let number: u64 = number.parse().ok()?;
    match unit {
        "ms" => Some(Duration::from_millis(number)),
        "s" => Some(Duration::from_secs(number)),
        "m" => number.checked_mul(60).map(Duration::from_secs),
        "h" => number.checked_mul(3600).map(Duration::from_secs),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times() {
        let read = |text| Kind::Duration.read(text);
        for (text, millis) in [("500ms", 500), ("10s", 10_000), ("5m", 300_000), ("2h", 7_200_000), ("0s", 0)]
        {
            assert_eq!(read(text), Some(Value::Duration(Duration::from_millis(millis))), "{text}");
        }
        for text in [
            "",
            "10",
            "s",
            "-1s",
            "1.5s",
            "10 s",
            "10S",
            "1d",
            "99999999999999999999s",
            "18446744073709551615h",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(Kind::Interval.read("0s"), None);
    }

    #[test]
    fn lists_and_replicas() {
        let texts = |of: &[&str]| Some(Value::List(of.iter().map(|text| (*text).to_owned()).collect()));
        assert_eq!(Kind::List.read("a:1, b:2"), texts(&["a:1", "b:2"]));
        assert_eq!(Kind::List.read("a"), texts(&["a"]));
        for none in ["", "a,", ",", " "] {
            assert_eq!(Kind::List.read(none), None, "{none:?}");
        }
        let named = [("dc1", "3"), ("dc2", "1")].map(|(name, count)| (name.to_owned(), count.to_owned()));
        assert_eq!(Kind::Replicas.read("dc1=3, dc2=1"), Some(Value::Named(named.into())));
        for none in ["", "dc1", "dc1=", "dc1=0", "dc1=256", "=3", "dc1=3,"] {
            assert_eq!(Kind::Replicas.read(none), None, "{none:?}");
        }
    }

    #[test]
    fn counts_are_within_bounds() {
        assert_eq!(Kind::Count(255).read("255"), Some(Value::Count(255)));
        for none in ["0", "256", "-1", "1.0", "1_000", " 1", ""] {
            assert_eq!(Kind::Count(255).read(none), None, "{none:?}");
        }
    }

    #[test]
    fn what_is_shown_reads_as_the_same() {
        for (kind, text) in [
            (Kind::Text, "a b"),
            (Kind::Count(9000), "7000"),
            (Kind::Duration, "5m"),
            (Kind::Interval, "250ms"),
            (Kind::List, "a, b"),
            (Kind::Replicas, "dc1=3, dc2=2"),
        ] {
            let value = kind.read(text).unwrap();
            assert_eq!(kind.read(&value.to_string()), Some(value), "{text}");
        }
    }
}
