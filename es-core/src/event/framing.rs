//! The frame that holds a commit's events and its commands: the stored format, version 1.
//!
//! Integers marked *varint* are unsigned LEB128, at most ten bytes; lengths count bytes.
//!
//! ```text
//! events   := 0x01 count:varint event*
//! event    := name_len:varint name version:varint payload_len:u32-le payload
//! metadata := 0x01 count:varint command*
//! command  := id:16-bytes events:varint text? text? headers:varint (text text)*
//! text     := len:varint utf-8            text? := 0x00 | 0x01 text
//! ```
//!
//! The payload is the event's fields in the row's [`Codec`]. `events` of a command counts how many of the
//! commit's events came of it, in order; the two optional texts are correlation and causation.

use bytes::Bytes;
use uuid::Uuid;

use super::{Codec, CommandMetadata, DecodeError, EncodeError, EventSet};

const VERSION: u8 = 1;

/// One event inside a commit's frame, not yet decoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RawEvent<'a> {
    /// The full stored name.
    pub name: &'a str,
    /// The version of the shape in `payload`.
    pub version: u32,
    /// The fields, in the commit's codec.
    pub payload: &'a [u8],
}

/// One command inside a commit: its id, what its sender said, and how many events came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommandRecord {
    /// The command's id, unique within its aggregate.
    pub id: Uuid,
    /// How many of the commit's events are its, in order.
    pub events: u64,
    /// What the sender said.
    pub metadata: CommandMetadata,
}

/// Builds the two frames of one commit, command by command.
#[derive(Debug)]
pub struct FrameBuilder {
    codec: Codec,
    events: Vec<u8>,
    event_count: u64,
    commands: Vec<u8>,
    command_count: u64,
}

impl FrameBuilder {
    /// An empty commit in `codec`.
    pub fn new(codec: Codec) -> Self {
        Self {
            codec,
            events: Vec::with_capacity(128),
            event_count: 0,
            commands: Vec::with_capacity(32),
            command_count: 0,
        }
    }

    /// How many events are in the frame.
    pub fn event_count(&self) -> u64 {
        self.event_count
    }

    /// How many commands are in the frame.
    pub fn command_count(&self) -> u64 {
        self.command_count
    }

    /// About how many bytes the two frames take.
    pub fn size(&self) -> usize {
        self.events.len() + self.commands.len() + 12
    }

    /// Adds a whole command, or nothing: on an error the frame is as before.
    pub fn push<E: EventSet>(
        &mut self,
        id: Uuid,
        metadata: &CommandMetadata,
        events: &[E],
    ) -> Result<(), EncodeError> {
        let before = self.events.len();
        for event in events {
            if let Err(error) = self.push_event(event) {
                self.events.truncate(before);
                return Err(error);
            }
        }
        self.event_count += events.len() as u64;
        self.command_count += 1;
        let out = &mut self.commands;
        out.extend_from_slice(id.as_bytes());
        put_varint(out, events.len() as u64);
        put_optional(out, metadata.correlation_id.as_deref());
        put_optional(out, metadata.causation_id.as_deref());
        put_varint(out, metadata.headers.len() as u64);
        for (name, value) in &metadata.headers {
            put_text(out, name);
            put_text(out, value);
        }
        Ok(())
    }

    fn push_event<E: EventSet>(&mut self, event: &E) -> Result<(), EncodeError> {
        let out = &mut self.events;
        put_text(out, event.name());
        put_varint(out, u64::from(event.version()));
        let start = out.len() + 4;
        out.extend_from_slice(&[0; 4]);
        event.encode(self.codec, out)?;
        let length = u32::try_from(out.len() - start).map_err(|e| EncodeError::new(self.codec, e))?;
        out[start - 4..start].copy_from_slice(&length.to_le_bytes());
        Ok(())
    }

    /// A mark to return to with [`FrameBuilder::rollback`].
    pub(crate) fn mark(&self) -> (usize, u64, usize, u64) {
        (self.events.len(), self.event_count, self.commands.len(), self.command_count)
    }

    /// Takes back everything pushed since `mark`.
    pub(crate) fn rollback(&mut self, mark: (usize, u64, usize, u64)) {
        self.events.truncate(mark.0);
        self.event_count = mark.1;
        self.commands.truncate(mark.2);
        self.command_count = mark.3;
    }

    /// The two frames: events, metadata.
    pub fn finish(self) -> (Bytes, Bytes) {
        (seal(self.event_count, self.events), seal(self.command_count, self.commands))
    }
}

fn seal(count: u64, mut body: Vec<u8>) -> Bytes {
    let mut head = [0u8; 11];
    head[0] = VERSION;
    let mut used = 1;
    let mut rest = count;
    while rest >= 0x80 {
        head[used] = rest as u8 | 0x80;
        rest >>= 7;
        used += 1;
    }
    head[used] = rest as u8;
    body.splice(0..0, head[..=used].iter().copied());
    Bytes::from(body)
}

/// The events of a frame, in order.
pub fn events(frame: &[u8]) -> Result<Vec<RawEvent<'_>>, DecodeError> {
    let mut input = Input::open(frame, "events")?;
    let count = input.count(SMALLEST_EVENT)?;
    let mut events = Vec::with_capacity(count);
    for _ in 0..count {
        events.push(input.event()?);
    }
    input.end()?;
    Ok(events)
}

/// Whether [`events`] can read the frame, and how many there are; allocates nothing.
pub(crate) fn check_events(frame: &[u8]) -> Result<usize, DecodeError> {
    let mut input = Input::open(frame, "events")?;
    let count = input.count(SMALLEST_EVENT)?;
    for _ in 0..count {
        input.event()?;
    }
    input.end()?;
    Ok(count)
}

/// The commands of a frame, in order.
pub fn commands(frame: &[u8]) -> Result<Vec<CommandRecord>, DecodeError> {
    let mut input = Input::open(frame, "metadata")?;
    let count = input.count(SMALLEST_COMMAND)?;
    let mut commands = Vec::with_capacity(count);
    for _ in 0..count {
        let mut headers = Vec::new();
        let (id, events, correlation_id, causation_id) =
            input.command(|name, value| headers.push((name.to_owned(), value.to_owned())))?;
        let (correlation_id, causation_id) =
            (correlation_id.map(str::to_owned), causation_id.map(str::to_owned));
        let metadata = CommandMetadata { correlation_id, causation_id, headers };
        commands.push(CommandRecord { id, events, metadata });
    }
    input.end()?;
    Ok(commands)
}

/// Whether [`commands`] can read the frame; allocates nothing.
pub(crate) fn check_commands(frame: &[u8]) -> Result<(), DecodeError> {
    let mut input = Input::open(frame, "metadata")?;
    for _ in 0..input.count(SMALLEST_COMMAND)? {
        input.command(|_, _| ())?;
    }
    input.end()
}

fn put_varint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_varint(out, text.len() as u64);
    out.extend_from_slice(text.as_bytes());
}

fn put_optional(out: &mut Vec<u8>, text: Option<&str>) {
    match text {
        None => out.push(0),
        Some(text) => {
            out.push(1);
            put_text(out, text);
        }
    }
}

/// Bytes.
const SMALLEST_EVENT: usize = 6;
const SMALLEST_COMMAND: usize = 20;

/// Its id, how many events are its, what it belongs to, and what caused it.
type Command<'a> = (Uuid, u64, Option<&'a str>, Option<&'a str>);

struct Input<'a> {
    rest: &'a [u8],
    part: &'static str,
}

impl<'a> Input<'a> {
    fn open(frame: &'a [u8], part: &'static str) -> Result<Self, DecodeError> {
        let mut input = Self { rest: frame, part };
        match input.take(1)?[0] {
            VERSION => Ok(input),
            other => {
                Err(input
                    .broken(&format!("framing version {other} is not known here: deploy the newer code")))
            }
        }
    }

    fn event(&mut self) -> Result<RawEvent<'a>, DecodeError> {
        let name = self.text()?;
        let version =
            u32::try_from(self.varint()?).map_err(|_| self.broken("a version does not fit 32 bits"))?;
        let length = self.take(4)?;
        let length = u32::from_le_bytes([length[0], length[1], length[2], length[3]]) as usize;
        Ok(RawEvent { name, version, payload: self.take(length)? })
    }

    fn command(&mut self, mut header: impl FnMut(&'a str, &'a str)) -> Result<Command<'a>, DecodeError> {
        let mut id = [0; 16];
        id.copy_from_slice(self.take(16)?);
        let events = self.varint()?;
        let (correlation_id, causation_id) = (self.optional()?, self.optional()?);
        for _ in 0..self.count(2)? {
            header(self.text()?, self.text()?);
        }
        Ok((Uuid::from_bytes(id), events, correlation_id, causation_id))
    }

    fn broken(&self, reason: &str) -> DecodeError {
        DecodeError::Frame { reason: format!("{}: {reason}", self.part) }
    }

    fn take(&mut self, n: usize) -> Result<&'a [u8], DecodeError> {
        let Some((head, rest)) = self.rest.split_at_checked(n) else {
            return Err(self.broken(&format!("{n} bytes wanted, {} left", self.rest.len())));
        };
        self.rest = rest;
        Ok(head)
    }

    fn varint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = self.take(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.broken("a number is longer than 64 bits"))
    }

    /// A count of items of at least `smallest` bytes each: a corrupt one must not become an allocation.
    fn count(&mut self, smallest: usize) -> Result<usize, DecodeError> {
        let count = self.varint()?;
        match usize::try_from(count) {
            Ok(count) if count <= self.rest.len() / smallest => Ok(count),
            _ => Err(self.broken(&format!("{count} items cannot fit in {} bytes", self.rest.len()))),
        }
    }

    fn text(&mut self) -> Result<&'a str, DecodeError> {
        let length = self.varint()?;
        let length = usize::try_from(length).map_err(|_| self.broken("a text is too long"))?;
        let bytes = self.take(length)?;
        std::str::from_utf8(bytes).map_err(|_| self.broken("a text is not UTF-8"))
    }

    fn optional(&mut self) -> Result<Option<&'a str>, DecodeError> {
        match self.take(1)?[0] {
            0 => Ok(None),
            1 => Ok(Some(self.text()?)),
            other => Err(self.broken(&format!("{other} is neither 0 nor 1"))),
        }
    }

    fn end(&self) -> Result<(), DecodeError> {
        if self.rest.is_empty() {
            Ok(())
        } else {
            Err(self.broken(&format!("{} bytes left over", self.rest.len())))
        }
    }
}
