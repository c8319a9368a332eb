//! What `#[derive(Event)]` calls in constants. Not part of the public interface.

use super::{
    Schema, difference,
    text::{Sink, Writer},
};

/// The most bytes of a shape's text.
const ROOM: usize = 64 << 10;
/// The most bytes of a compile error.
const MESSAGE: usize = 4096;

/// Panics with what changed when `schema` is not the shape in the lock file.
///
/// `before` and `after` are the message around the difference.
#[track_caller]
pub const fn check(schema: &'static Schema, locked: &str, before: &str, after: &str) {
    let compare = Sink::Compare { with: locked.as_bytes(), at: 0, same: true };
    let mut writer = Writer::new(compare);
    writer.event(schema);
    writer.without_fault();
    if writer.is_same() {
        return;
    }
    let mut room = [0; ROOM];
    let now = write(schema, &mut room);
    let mut message = Message { text: [0; MESSAGE], len: 0 };
    message.add(before);
    match difference(locked, now) {
        Some(difference) => message.add(difference.as_str()),
        None => message.add("(too long to be compared)"),
    }
    message.add(after);
    panic!("{}", message.as_str())
}

/// Panics with the reason when `schema` is not that of an event.
#[track_caller]
pub const fn whole(schema: &'static Schema) {
    let mut writer = Writer::new(Sink::Compare { with: b"", at: 0, same: true });
    writer.event(schema);
    writer.without_fault();
}

/// Panics with `message` when an event in `module` is the one that was locked in `locked` under another name.
#[track_caller]
pub const fn check_name(module: &str, locked: &str, message: &str) {
    if crate::checks::same(within_crate(module), within_crate(locked)) {
        panic!("{}", message)
    }
}

/// Panics with `message` when the struct in `module` is the one that was locked in `locked` under another name, and
/// its own name was never locked with it: `own` are the modules of structs called like it that its name was locked
/// with.
#[track_caller]
pub const fn check_struct(module: &str, own: &[&str], locked: &str, message: &str) {
    let mut i = 0;
    while i < own.len() {
        if crate::checks::same(within_crate(module), within_crate(own[i])) {
            return;
        }
        i += 1;
    }
    check_name(module, locked, message);
}

/// The path without its crate, whose name is the package's affair.
const fn within_crate(path: &str) -> &str {
    let bytes = path.as_bytes();
    let mut at = 0;
    while at < bytes.len() && bytes[at] != b':' {
        at += 1;
    }
    path.split_at(at).1
}

/// Panics with `head` and the text of the shape: this is how `cargo es schema` learns it.
#[track_caller]
pub const fn report(schema: &'static Schema, head: &str, module: &str, name: &str) {
    let mut room = [0; ROOM];
    let text = write(schema, &mut room);
    let mut report = [0; ROOM];
    let mut at = 0;
    let parts = [head, "crate", within_crate(module), "::", name, "\n", text];
    let mut i = 0;
    while i < parts.len() {
        let part = parts[i].as_bytes();
        let mut j = 0;
        while j < part.len() && at < ROOM {
            report[at] = part[j];
            at += 1;
            j += 1;
        }
        i += 1;
    }
    match std::str::from_utf8(report.split_at(at).0) {
        Ok(report) => panic!("{}", report),
        Err(_) => panic!("the shape of an event is too large"),
    }
}

/// The text of an event's shape.
///
/// # Panics
///
/// When the schema is not an event's.
pub fn text_of(schema: &'static Schema) -> String {
    let mut room = vec![0; ROOM];
    write(schema, &mut room).to_owned()
}

#[track_caller]
const fn write<'a>(schema: &'static Schema, room: &'a mut [u8]) -> &'a str {
    let mut writer = Writer::new(Sink::Write { to: &mut *room, at: 0 });
    writer.event(schema);
    writer.without_fault();
    let Some(len) = writer.written() else { panic!("the shape of an event is larger than 64 KiB") };
    match std::str::from_utf8(room.split_at(len).0) {
        Ok(text) => text,
        Err(_) => panic!("the name of a field is not UTF-8"),
    }
}

struct Message {
    text: [u8; MESSAGE],
    len: usize,
}

impl Message {
    const fn add(&mut self, text: &str) {
        let text = text.as_bytes();
        // Whole or not at all, so that it stays UTF-8.
        if text.len() > MESSAGE - self.len {
            return;
        }
        let mut i = 0;
        while i < text.len() {
            self.text[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
    }

    const fn as_str(&self) -> &str {
        match std::str::from_utf8(self.text.split_at(self.len).0) {
            Ok(text) => text,
            Err(_) => "the stored shape changed",
        }
    }
}
