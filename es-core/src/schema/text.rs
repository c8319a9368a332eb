//! From a schema to its text, also in constants: no allocation, no traits.

use super::{Field, Schema, Variant};

/// The longest path in a shape, in bytes.
const PATH: usize = 1024;
/// How many structs and enums may be inside each other. The compiler's own limit is not far.
const DEPTH: usize = 24;

/// Where the text goes.
pub(super) enum Sink<'a> {
    /// It is compared with this one.
    Compare { with: &'a [u8], at: usize, same: bool },
    /// It is written here, as much of it as there is room for.
    Write { to: &'a mut [u8], at: usize },
}

pub(super) struct Writer<'a> {
    sink: Sink<'a>,
    path: [u8; PATH],
    path_len: usize,
    /// The named types around this place, and how long the path to each is.
    around: [(&'static str, usize); DEPTH],
    depth: usize,
    /// Why it is no shape of an event; empty when it is one. Whoever called panics with it, so that a compile error
    /// is shown at the event and not in here.
    fault: &'static str,
}

impl<'a> Writer<'a> {
    pub(super) const fn new(sink: Sink<'a>) -> Self {
        Self { sink, path: [0; PATH], path_len: 0, around: [("", 0); DEPTH], depth: 0, fault: "" }
    }

    /// All lines of an event, or a fault: it is not a struct, is too deep, or meets a type again that is not around.
    pub(super) const fn event(&mut self, schema: &'static Schema) {
        match schema {
            Schema::Struct { .. } => self.inside(schema),
            Schema::Scalar(super::Scalar::Unit) => {}
            _ => self.fault = "an event is a struct with named fields, or without any",
        }
    }

    /// Panics if there was one.
    #[track_caller]
    pub(super) const fn without_fault(&self) {
        if !self.fault.is_empty() {
            panic!("{}", self.fault)
        }
    }

    /// Whether all of the text that was compared has been seen.
    pub(super) const fn is_same(&self) -> bool {
        match &self.sink {
            Sink::Compare { with, at, same } => *same && *at == with.len(),
            Sink::Write { .. } => false,
        }
    }

    /// How much has been written, or `None` when there was no room for all.
    pub(super) const fn written(&self) -> Option<usize> {
        match &self.sink {
            Sink::Write { to, at } if *at <= to.len() => Some(*at),
            _ => None,
        }
    }

    const fn line(&mut self, schema: &'static Schema) {
        self.put_path(self.path_len);
        self.put(b": ");
        self.shape(schema);
        self.put(b"\n");
        self.inside(schema);
    }

    /// The shape in one word, or a few.
    const fn shape(&mut self, schema: &'static Schema) {
        match schema {
            Schema::Scalar(scalar) => self.put(scalar.as_str().as_bytes()),
            Schema::Optional(of) => self.shape_of(b"option<", of),
            Schema::List(of) => self.shape_of(b"list<", of),
            Schema::Array(of, length) => {
                self.put(b"array<");
                self.shape(of);
                self.put(b", ");
                self.number(*length);
                self.put(b">");
            }
            Schema::Map(key, value) => {
                self.put(b"map<");
                self.shape(key);
                self.put(b", ");
                self.shape(value);
                self.put(b">");
            }
            Schema::Tuple { .. } => self.put(b"tuple"),
            Schema::Struct { .. } => self.put(b"struct"),
            Schema::Enum { .. } => self.put(b"enum"),
            Schema::Again(name) => {
                self.put(b"^");
                let at = self.around(name);
                self.put_path(at);
            }
        }
    }

    const fn shape_of(&mut self, name: &[u8], of: &'static Schema) {
        self.put(name);
        self.shape(of);
        self.put(b">");
    }

    /// The lines below it.
    const fn inside(&mut self, schema: &'static Schema) {
        let start = self.path_len;
        match schema {
            Schema::Scalar(_) | Schema::Again(_) => {}
            Schema::Optional(of) => self.inside(of),
            Schema::List(of) | Schema::Array(of, _) => {
                self.push(b"[]");
                self.inside(of);
            }
            Schema::Map(key, value) => {
                self.push(b"{key}");
                self.inside(key);
                self.path_len = start;
                self.push(b"{}");
                self.inside(value);
            }
            Schema::Tuple { name, parts } => {
                if self.enter(name) {
                    self.parts(parts);
                    self.depth -= 1;
                }
            }
            Schema::Struct { name, fields } => {
                if self.enter(name) {
                    self.fields(fields);
                    self.depth -= 1;
                }
            }
            Schema::Enum { name, variants } => {
                if self.enter(name) {
                    self.variants(variants);
                    self.depth -= 1;
                }
            }
        }
        self.path_len = start;
    }

    const fn parts(&mut self, parts: &'static [&'static Schema]) {
        let start = self.path_len;
        let mut i = 0;
        while i < parts.len() {
            self.push(b".");
            let (digits, from) = digits(i);
            let (_, digits) = digits.split_at(from);
            self.push(digits);
            self.line(parts[i]);
            self.path_len = start;
            i += 1;
        }
    }

    const fn fields(&mut self, fields: &'static [Field]) {
        let start = self.path_len;
        let mut i = 0;
        while i < fields.len() {
            if start > 0 {
                self.push(b".");
            }
            self.push_name(fields[i].name);
            self.line(fields[i].schema);
            self.path_len = start;
            i += 1;
        }
    }

    const fn variants(&mut self, variants: &'static [Variant]) {
        let start = self.path_len;
        let mut i = 0;
        while i < variants.len() {
            self.push(b"::");
            self.push_name(variants[i].name);
            match variants[i].body {
                Some(body) => self.line(body),
                None => {
                    self.put_path(self.path_len);
                    self.put(b"\n");
                }
            }
            self.path_len = start;
            i += 1;
        }
    }

    const fn enter(&mut self, name: &'static str) -> bool {
        if self.depth == DEPTH {
            self.fault = "the types of this event nest too deep; one that contains itself through another type says \
                          so at its field: `#[event_schema(recursive = TheOtherType)]`";
            return false;
        }
        self.around[self.depth] = (name, self.path_len);
        self.depth += 1;
        true
    }

    /// The path's length at the nearest type of that name.
    const fn around(&mut self, name: &str) -> usize {
        let mut i = self.depth;
        while i > 0 {
            i -= 1;
            if crate::checks::same(self.around[i].0, name) {
                return self.around[i].1;
            }
        }
        self.fault = "a type in this event says `#[event_schema(recursive = ..)]` with a type that is not around it: use \
                      the type that is named there, and not the one inside it alone";
        0
    }

    const fn push_name(&mut self, name: &str) {
        let name = name.as_bytes();
        let mut word = !name.is_empty();
        let mut i = 0;
        while i < name.len() {
            word &= name[i].is_ascii_alphanumeric() || matches!(name[i], b'_' | b'-' | 0x80..);
            i += 1;
        }
        if word {
            return self.push(name);
        }
        self.push(b"\"");
        let mut i = 0;
        while i < name.len() {
            match name[i] {
                b'\n' => self.push(b"\\n"),
                b'\r' => self.push(b"\\r"),
                b'"' => self.push(b"\\\""),
                b'\\' => self.push(b"\\\\"),
                byte => self.push(&[byte]),
            }
            i += 1;
        }
        self.push(b"\"");
    }

    const fn push(&mut self, text: &[u8]) {
        let mut i = 0;
        while i < text.len() {
            if self.path_len == PATH {
                self.fault = "the path to a field of this event is too long";
                return;
            }
            self.path[self.path_len] = text[i];
            self.path_len += 1;
            i += 1;
        }
    }

    const fn number(&mut self, number: usize) {
        let (digits, from) = digits(number);
        let (_, digits) = digits.split_at(from);
        self.put(digits);
    }

    const fn put_path(&mut self, len: usize) {
        let mut i = 0;
        while i < len {
            self.put_byte(self.path[i]);
            i += 1;
        }
    }

    const fn put(&mut self, text: &[u8]) {
        let mut i = 0;
        while i < text.len() {
            self.put_byte(text[i]);
            i += 1;
        }
    }

    const fn put_byte(&mut self, byte: u8) {
        match &mut self.sink {
            Sink::Compare { with, at, same } => {
                *same &= *at < with.len() && with[*at] == byte;
                *at += 1;
            }
            Sink::Write { to, at } => {
                if *at < to.len() {
                    to[*at] = byte;
                }
                *at += 1;
            }
        }
    }
}

/// The decimal digits, and where they start.
const fn digits(mut number: usize) -> ([u8; 20], usize) {
    let mut digits = [b'0'; 20];
    let mut at = digits.len() - 1;
    digits[at] = b'0' + (number % 10) as u8;
    number /= 10;
    while number > 0 {
        at -= 1;
        digits[at] = b'0' + (number % 10) as u8;
        number /= 10;
    }
    (digits, at)
}
