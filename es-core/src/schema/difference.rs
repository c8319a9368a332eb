use std::fmt;

/// How much of a difference is told, in bytes.
const ROOM: usize = 1024;

/// What changed first between two shapes, in one line: `lines[].qty: u32 → u64`.
///
/// A constant can make one, so it owns a buffer instead of a `String`.
#[derive(Clone, Copy)]
pub struct Difference {
    text: [u8; ROOM],
    len: usize,
}

impl fmt::Debug for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.as_str())
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Difference {
    /// The line.
    pub const fn as_str(&self) -> &str {
        let (text, _) = self.text.split_at(self.len);
        match std::str::from_utf8(text) {
            Ok(text) => text,
            // Cut within a letter.
            Err(error) => match std::str::from_utf8(text.split_at(error.valid_up_to()).0) {
                Ok(text) => text,
                Err(_) => "",
            },
        }
    }

    const fn empty() -> Self {
        Self { text: [0; ROOM], len: 0 }
    }

    const fn with(mut self, text: &[u8]) -> Self {
        let mut i = 0;
        while i < text.len() && self.len < ROOM {
            self.text[self.len] = text[i];
            self.len += 1;
            i += 1;
        }
        self
    }
}

/// The first difference between the texts of two shapes, the locked one and the present one.
///
/// ```
/// use es_core::schema::difference;
/// let told = |locked, now| difference(locked, now).map(|d| d.to_string());
/// assert_eq!(told("amount: u32\n", "amount: u64\n").as_deref(), Some("amount: u32 → u64"));
/// assert_eq!(told("amount: u32\n", "amount: u32\nnote: string\n").as_deref(), Some("note: string is new"));
/// assert_eq!(told("amount: u32\n", "amount: u32\n"), None);
/// ```
pub const fn difference(locked: &str, now: &str) -> Option<Difference> {
    let (locked, now) = (locked.as_bytes(), now.as_bytes());
    let (mut rest_locked, mut rest_now) = (locked, now);
    loop {
        if rest_locked.is_empty() && rest_now.is_empty() {
            return None;
        }
        let (old, after_old) = first_line(rest_locked);
        let (new, after_new) = first_line(rest_now);
        if !same(old, new) {
            return Some(tell(Line::read(old), Line::read(new), locked, now, after_old, after_new));
        }
        (rest_locked, rest_now) = (after_old, after_new);
    }
}

/// A line: its path, and what stands there; nothing for a variant without fields.
#[derive(Clone, Copy)]
struct Line<'a> {
    path: &'a [u8],
    shape: &'a [u8],
}

impl<'a> Line<'a> {
    const fn read(line: &'a [u8]) -> Self {
        let mut quoted = false;
        let mut i = 0;
        while i < line.len() {
            match line[i] {
                b'\\' if quoted => i += 1,
                b'"' => quoted = !quoted,
                b':' if !quoted && i + 1 < line.len() && line[i + 1] == b' ' => {
                    let (path, rest) = line.split_at(i);
                    return Self { path, shape: rest.split_at(2).1 };
                }
                _ => {}
            }
            i += 1;
        }
        Self { path: line, shape: b"" }
    }

    const fn told(self, told: Difference) -> Difference {
        let told = told.with(self.path);
        if self.shape.is_empty() { told } else { told.with(b": ").with(self.shape) }
    }
}

const fn tell(
    old: Line<'_>,
    new: Line<'_>,
    locked: &[u8],
    now: &[u8],
    after_old: &[u8],
    after_new: &[u8],
) -> Difference {
    let nothing = Difference::empty();
    if same(old.path, new.path) {
        let told = nothing.with(old.path).with(b": ");
        return told.with(or_no_fields(old.shape)).with(" → ".as_bytes()).with(or_no_fields(new.shape));
    }
    let (old_is_left, new_was_there) = (has(now, old.path), has(locked, new.path));
    if old.path.is_empty() || (old_is_left && !new_was_there) {
        return new.told(nothing).with(b" is new");
    }
    if new.path.is_empty() || (!old_is_left && new_was_there) {
        return old.told(nothing).with(b" is gone");
    }
    if old_is_left {
        let told = nothing.with(b"the order: ").with(new.path).with(b" stands before ");
        return told.with(old.path);
    }
    // Neither: another name for the same, if what follows goes on alike.
    let renamed = same(old.shape, new.shape) && same(parent(old.path), parent(new.path));
    let (next_old, next_new) = (Line::read(first_line(after_old).0), Line::read(first_line(after_new).0));
    let grew = has(now, next_old.path) && !has(locked, next_new.path) && !next_new.path.is_empty();
    if renamed && !grew {
        return nothing.with(old.path).with(" → ".as_bytes()).with(new.path).with(b" (another name)");
    }
    new.told(old.told(nothing).with(" → ".as_bytes()))
}

const fn or_no_fields(shape: &[u8]) -> &[u8] {
    if shape.is_empty() { b"without fields" } else { shape }
}

/// Whether one of the lines has that path.
const fn has(text: &[u8], path: &[u8]) -> bool {
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = first_line(rest);
        if same(Line::read(line).path, path) {
            return true;
        }
        rest = after;
    }
    false
}

/// The path without its last step.
const fn parent(path: &[u8]) -> &[u8] {
    let mut end = path.len();
    while end > 0 && !matches!(path[end - 1], b'.' | b':' | b']' | b'}') {
        end -= 1;
    }
    path.split_at(end).0
}

const fn first_line(text: &[u8]) -> (&[u8], &[u8]) {
    let mut i = 0;
    while i < text.len() {
        if text[i] == b'\n' {
            let (line, rest) = text.split_at(i);
            return (line, rest.split_at(1).1);
        }
        i += 1;
    }
    (text, b"")
}

const fn same(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

#[cfg(test)]
mod tests {
    use super::difference;

    fn told(locked: &str, now: &str) -> String {
        difference(locked, now).map_or_else(String::new, |d| d.to_string())
    }

    #[test]
    fn each_kind_of_change() {
        assert_eq!(told("a: u8\nb: u8\n", "a: u8\nb: u8\n"), "");
        assert_eq!(told("a: u8\n", "a: u8\nb: string\n"), "b: string is new");
        assert_eq!(told("b: string\n", "a: u8\nb: string\n"), "a: u8 is new");
        assert_eq!(told("a: u8\nb: string\n", "b: string\n"), "a: u8 is gone");
        assert_eq!(told("a: u8\nb: string\n", "a: u8\n"), "b: string is gone");
        assert_eq!(told("", "a: u8\n"), "a: u8 is new");
        assert_eq!(told("a: u8\nb: u8\n", "b: u8\na: u8\n"), "the order: b stands before a");
        assert_eq!(told("a: u8\nc: u8\n", "b: u8\nc: u8\n"), "a → b (another name)");
        assert_eq!(told("a: u8\n", "b: u16\n"), "a: u8 → b: u16");
        assert_eq!(
            told("l: list<struct>\nl[].q: u32\n", "l: list<struct>\nl[].q: u64\n"),
            "l[].q: u32 → u64"
        );
        let (locked, now) = ("k: enum\nk::A\nk::B\n", "k: enum\nk::A\nk::C\nk::B\n");
        assert_eq!(told(locked, now), "k::C is new");
        assert_eq!(told("k: enum\nk::A\n", "k: enum\nk::A: u8\n"), "k::A: without fields → u8");
        assert_eq!(told("\"x: y\": u8\n", "\"x: y\": u16\n"), "\"x: y\": u8 → u16");
    }

    #[test]
    fn a_long_name_is_cut_between_letters() {
        let name = "ü".repeat(2000);
        assert!(told("", &format!("{name}: u8\n")).starts_with("üü"));
    }
}
