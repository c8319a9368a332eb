use std::{fmt, str::FromStr};

/// A W3C trace context: which trace a command belongs to, and which span of it sent the command.
///
/// It is the `traceparent` header of an HTTP request, so that a controller can hand it on:
///
/// ```
/// use es_core::event::{CommandMetadata, TraceParent};
/// let header = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
/// let trace: TraceParent = header.parse()?;
/// let metadata = CommandMetadata::default().trace(trace);
/// assert_eq!(metadata.trace_parent(), Some(trace));
/// assert_eq!(trace.to_string(), header);
/// # Ok::<_, es_core::event::TraceParentError>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TraceParent {
    trace_id: u128,
    parent_id: u64,
    flags: u8,
}

impl TraceParent {
    /// The trace, never 0.
    pub fn trace_id(&self) -> u128 {
        self.trace_id
    }

    /// The span that sent the command, never 0.
    pub fn parent_id(&self) -> u64 {
        self.parent_id
    }

    /// Whether the sender records the trace.
    pub fn is_sampled(&self) -> bool {
        self.flags & 1 == 1
    }
}

/// As in the header, in version 00.
impl fmt::Display for TraceParent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { trace_id, parent_id, flags } = self;
        write!(f, "00-{trace_id:032x}-{parent_id:016x}-{flags:02x}")
    }
}

/// Something is not a `traceparent`.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{value}` is not a W3C traceparent: {reason}; leave it out, or send `00-<32 hex digits>-<16 hex digits>-<2 hex digits>`"
)]
#[non_exhaustive]
pub struct TraceParentError {
    /// Its first 100 characters.
    pub value: String,
    /// What is wrong with it.
    pub reason: &'static str,
}

impl FromStr for TraceParent {
    type Err = TraceParentError;

    /// Takes version 00, and of later ones what they share with it.
    fn from_str(text: &str) -> Result<Self, TraceParentError> {
        parse(text).map_err(|reason| TraceParentError { value: text.chars().take(100).collect(), reason })
    }
}

fn parse(text: &str) -> Result<TraceParent, &'static str> {
    let mut fields = text.split('-');
    let mut field = |digits, reason| {
        let field = fields.next().ok_or(reason)?;
        let is_hex = field.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b));
        if is_hex && field.len() == digits {
            u128::from_str_radix(field, 16).map_err(|_| reason)
        } else {
            Err(reason)
        }
    };
    let version = field(2, "the version has two lower-case hex digits")?;
    let trace_id = field(32, "the trace id has 32 lower-case hex digits")?;
    let parent_id = field(16, "the parent id has 16 lower-case hex digits")?;
    let flags = field(2, "the flags have two lower-case hex digits")?;
    if version == 0xff {
        return Err("there is no version ff");
    }
    if version == 0 && fields.next().is_some() {
        return Err("version 00 has four fields");
    }
    if trace_id == 0 || parent_id == 0 {
        return Err("its ids are not 0");
    }
    // Each has as many digits as its type takes.
    Ok(TraceParent { trace_id, parent_id: parent_id as u64, flags: flags as u8 })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";

    #[test]
    fn reads_what_the_standard_allows() {
        let trace: TraceParent = GOOD.parse().unwrap();
        assert_eq!(trace.trace_id(), 0x0af7_6519_16cd_43dd_8448_eb21_1c80_319c);
        assert_eq!((trace.parent_id(), trace.is_sampled()), (0xb7ad_6b71_6920_3331, true));
        assert_eq!(trace.to_string(), GOOD);
        let later = format!("cc{}-what-comes-later", &GOOD[2..]).parse::<TraceParent>();
        assert_eq!(later, Ok(trace), "what a later version adds is left out");
    }

    #[test]
    fn refuses_what_it_does_not_by_name() {
        let replaced = |from: &str, to: &str| GOOD.replacen(from, to, 1);
        let wrong = [
            String::new(),
            "é".repeat(200),
            replaced("00-", "ff-"),
            replaced("00-", ""),
            replaced("0af", "0AF"),
            replaced("0af", "0a"),
            replaced("0af", "+af"),
            replaced("b7a", "b7g"),
            replaced("0af7651916cd43dd8448eb211c80319c", &"0".repeat(32)),
            replaced("b7ad6b7169203331", &"0".repeat(16)),
            format!("{GOOD}-more"),
            format!(" {GOOD}"),
            GOOD[..52].to_owned(),
        ];
        for text in wrong {
            let error = text.parse::<TraceParent>().unwrap_err();
            assert!(text.starts_with(&error.value) && error.value.chars().count() <= 100, "{error}");
            assert!(error.to_string().contains("traceparent"), "{error}");
        }
    }
}
