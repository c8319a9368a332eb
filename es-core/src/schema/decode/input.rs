use super::ToJsonError;

/// The bytes that are left, in bincode's standard configuration: little-endian, small numbers in one byte.
pub(super) struct Input<'a> {
    rest: &'a [u8],
    at: usize,
}

impl<'a> Input<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes, at: 0 }
    }

    pub(super) fn malformed(&self, reason: String) -> ToJsonError {
        ToJsonError::Malformed { at: self.at, reason }
    }

    pub(super) fn bounds(&self, reason: String) -> ToJsonError {
        ToJsonError::Bounds { at: self.at, reason }
    }

    pub(super) fn end(&self) -> Result<(), ToJsonError> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(self.malformed(format!("{left} bytes left over"))),
        }
    }

    fn take(&mut self, count: usize) -> Result<&'a [u8], ToJsonError> {
        let Some((head, rest)) = self.rest.split_at_checked(count) else {
            return Err(self.malformed(format!("{count} bytes wanted, {} left", self.rest.len())));
        };
        self.rest = rest;
        self.at += count;
        Ok(head)
    }

    pub(super) fn byte(&mut self) -> Result<u8, ToJsonError> {
        Ok(self.array::<1>()?[0])
    }

    pub(super) fn array<const N: usize>(&mut self) -> Result<[u8; N], ToJsonError> {
        let mut array = [0; N];
        array.copy_from_slice(self.take(N)?);
        Ok(array)
    }

    /// A number of 16 bits or more: up to 250 as it is, else behind a byte that says how long it is.
    pub(super) fn unsigned(&mut self, bits: u32) -> Result<u128, ToJsonError> {
        let first = self.byte()?;
        let (value, wide) = match first {
            0..=250 => (u128::from(first), 16),
            251 => (u128::from(u16::from_le_bytes(self.array()?)), 16),
            252 => (u128::from(u32::from_le_bytes(self.array()?)), 32),
            253 => (u128::from(u64::from_le_bytes(self.array()?)), 64),
            254 => (u128::from_le_bytes(self.array()?), 128),
            255 => return Err(self.malformed("255 does not begin a number".to_owned())),
        };
        if wide > bits {
            return Err(self.malformed(format!("a number of {wide} bits where {bits} are expected")));
        }
        Ok(value)
    }

    /// The same with the sign in the lowest bit.
    pub(super) fn signed(&mut self, bits: u32) -> Result<i128, ToJsonError> {
        let value = self.unsigned(bits)?;
        let half = (value >> 1).cast_signed();
        Ok(if value & 1 == 0 { half } else { !half })
    }

    pub(super) fn length(&mut self) -> Result<usize, ToJsonError> {
        let length = self.unsigned(64)?;
        usize::try_from(length).map_err(|_| self.malformed(format!("a length of {length}")))
    }

    pub(super) fn text(&mut self) -> Result<&'a str, ToJsonError> {
        let length = self.length()?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.malformed("a text is not UTF-8".to_owned()))
    }

    pub(super) fn letter(&mut self) -> Result<char, ToJsonError> {
        let more = self.rest.first().map_or(0, |first| first.leading_ones().saturating_sub(1));
        let bytes = self.take(1 + more as usize)?;
        let letter = std::str::from_utf8(bytes).ok().and_then(|text| text.chars().next());
        letter.ok_or_else(|| self.malformed("a letter is not UTF-8".to_owned()))
    }
}
