//! From the text of a shape back to a tree.

use std::fmt;

use super::Scalar;

/// The most shapes inside each other: text must not become a deep recursion.
const DEPTH: usize = 128;

/// A shape that was read from its text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Shape {
    /// One value without parts.
    Scalar(Scalar),
    /// One that may be absent.
    Optional(Box<Shape>),
    /// Any number of elements.
    List(Box<Shape>),
    /// As many elements as it says.
    Array(Box<Shape>, usize),
    /// Keys and values.
    Map(Box<Shape>, Box<Shape>),
    /// Parts by position.
    Tuple(Vec<Shape>),
    /// Parts by name, in the order in which they are stored.
    Struct(Vec<(String, Shape)>),
    /// One of several; without a shape where a variant has no fields.
    Enum(Vec<(String, Option<Shape>)>),
    /// A tuple, struct or enum around this place again; 0 is the nearest.
    Again(usize),
}

/// The text of a shape cannot be understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line} of the shape: {reason}")]
pub struct ShapeError {
    /// Which, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub reason: String,
}

impl Shape {
    /// Reads the shape of an event, as a lock file has it.
    ///
    /// ```
    /// use es_core::schema::{Scalar, Shape};
    /// let shape = Shape::parse("amount: u64\nnote: option<string>\n")?;
    /// let Shape::Struct(fields) = shape else { unreachable!() };
    /// assert_eq!(fields[0], ("amount".to_owned(), Shape::Scalar(Scalar::U64)));
    /// # Ok::<(), es_core::schema::ShapeError>(())
    /// ```
    ///
    /// # Errors
    ///
    /// A line that says no shape, or that stands where nothing asks for it.
    pub fn parse(text: &str) -> Result<Self, ShapeError> {
        let lines: Vec<Line<'_>> = text.lines().map(Line::read).collect();
        let mut reader = Reader { lines, at: 0, around: Vec::new() };
        let shape = reader.build(Word::Struct, "")?;
        match reader.lines.get(reader.at) {
            None => Ok(shape),
            Some(line) => Err(reader.error(format!("nothing around it asks for `{}`", line.path))),
        }
    }
}

struct Line<'a> {
    path: &'a str,
    shape: Option<&'a str>,
}

impl<'a> Line<'a> {
    fn read(line: &'a str) -> Self {
        let mut from = 0;
        while let Some(found) = line[from..].find(": ") {
            let at = from + found;
            if !ends_in_quotes(&line[..at]) {
                return Self { path: &line[..at], shape: Some(&line[at + 2..]) };
            }
            from = at + 2;
        }
        Self { path: line, shape: None }
    }
}

/// Whether a quote was opened in `text` and not closed.
fn ends_in_quotes(text: &str) -> bool {
    let mut quoted = false;
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        match letter {
            '\\' if quoted => {
                letters.next();
            }
            '"' => quoted = !quoted,
            _ => {}
        }
    }
    quoted
}

/// What a line says of a shape; the rest is in the lines below.
enum Word {
    Scalar(Scalar),
    Option(Box<Word>),
    List(Box<Word>),
    Array(Box<Word>, usize),
    Map(Box<Word>, Box<Word>),
    Tuple,
    Struct,
    Enum,
    Again(String),
}

impl Word {
    fn parse(text: &str) -> Result<Self, String> {
        let mut rest = text;
        let word = Self::read(&mut rest, 0)?;
        if rest.is_empty() { Ok(word) } else { Err(format!("`{rest}` is left over")) }
    }

    fn read(rest: &mut &str, depth: usize) -> Result<Self, String> {
        if depth > DEPTH {
            return Err(too_deep());
        }
        if let Some(path) = rest.strip_prefix('^') {
            let ends = |(at, letter)| matches!(letter, ',' | '>') && !ends_in_quotes(&path[..at]);
            let end = path.char_indices().find(|pair| ends(*pair)).map_or(path.len(), |(at, _)| at);
            *rest = &path[end..];
            return Ok(Self::Again(path[..end].to_owned()));
        }
        let end = rest.find(['<', '>', ',']).unwrap_or(rest.len());
        let name = &rest[..end];
        *rest = &rest[end..];
        Ok(match name {
            "tuple" => Self::Tuple,
            "struct" => Self::Struct,
            "enum" => Self::Enum,
            "option" | "list" | "array" | "map" => {
                expect(rest, "<")?;
                let first = Box::new(Self::read(rest, depth + 1)?);
                let word = match name {
                    "option" => Self::Option(first),
                    "list" => Self::List(first),
                    "array" => {
                        expect(rest, ", ")?;
                        let end = rest.find('>').unwrap_or(rest.len());
                        let length = rest[..end].parse().map_err(|_| format!("`{rest}` is no length"))?;
                        *rest = &rest[end..];
                        Self::Array(first, length)
                    }
                    _ => {
                        expect(rest, ", ")?;
                        Self::Map(first, Box::new(Self::read(rest, depth + 1)?))
                    }
                };
                expect(rest, ">")?;
                word
            }
            name => Self::Scalar(Scalar::named(name).ok_or_else(|| format!("`{name}` is no shape"))?),
        })
    }
}

fn expect(rest: &mut &str, what: &str) -> Result<(), String> {
    *rest = rest.strip_prefix(what).ok_or_else(|| format!("`{what}` is missing before `{rest}`"))?;
    Ok(())
}

fn too_deep() -> String {
    format!("more than {DEPTH} shapes are inside each other")
}

struct Reader<'a> {
    lines: Vec<Line<'a>>,
    at: usize,
    /// The paths of the tuples, structs and enums around this place.
    around: Vec<String>,
}

impl Reader<'_> {
    fn error(&self, reason: impl fmt::Display) -> ShapeError {
        ShapeError { line: self.at + 1, reason: reason.to_string() }
    }

    fn build(&mut self, word: Word, path: &str) -> Result<Shape, ShapeError> {
        Ok(match word {
            Word::Scalar(scalar) => Shape::Scalar(scalar),
            Word::Option(of) => Shape::Optional(Box::new(self.build(*of, path)?)),
            Word::List(of) => Shape::List(Box::new(self.build(*of, &format!("{path}[]"))?)),
            Word::Array(of, length) => Shape::Array(Box::new(self.build(*of, &format!("{path}[]"))?), length),
            Word::Map(key, value) => {
                let key = self.build(*key, &format!("{path}{{key}}"))?;
                Shape::Map(Box::new(key), Box::new(self.build(*value, &format!("{path}{{}}"))?))
            }
            Word::Tuple => {
                let parts = self.steps(path, ".")?;
                Shape::Tuple(self.all(parts, |_, shape| shape)?)
            }
            Word::Struct => {
                let fields = self.steps(path, if path.is_empty() { "" } else { "." })?;
                Shape::Struct(self.all(fields, |name, shape| (name, shape))?)
            }
            Word::Enum => Shape::Enum(self.steps(path, "::")?),
            Word::Again(target) => {
                let up = self.around.iter().rev().position(|around| *around == target);
                Shape::Again(up.ok_or_else(|| self.error(format!("nothing around it is at `{target}`")))?)
            }
        })
    }

    /// Every one has a shape, which only variants can do without.
    fn all<T>(
        &self,
        steps: Vec<(String, Option<Shape>)>,
        make: impl Fn(String, Shape) -> T,
    ) -> Result<Vec<T>, ShapeError> {
        let with_shape = |(name, shape): (String, Option<Shape>)| match shape {
            Some(shape) => Ok(make(name, shape)),
            None => Err(self.error(format!("`{name}` before it has no shape"))),
        };
        steps.into_iter().map(with_shape).collect()
    }

    /// What is one step below `path`, each with all that is below it.
    fn steps(&mut self, path: &str, separator: &str) -> Result<Vec<(String, Option<Shape>)>, ShapeError> {
        self.around.push(path.to_owned());
        if self.around.len() > DEPTH {
            return Err(self.error(too_deep()));
        }
        let mut steps = Vec::new();
        while let Some(line) = self.lines.get(self.at) {
            let (below, shape) = (line.path, line.shape);
            let step = below.strip_prefix(path).and_then(|rest| rest.strip_prefix(separator));
            let Some(name) = step.and_then(name) else { break };
            let word = shape.map(Word::parse).transpose().map_err(|reason| self.error(reason))?;
            self.at += 1;
            let shape = word.map(|word| self.build(word, below)).transpose()?;
            steps.push((name, shape));
        }
        self.around.pop();
        Ok(steps)
    }
}

/// The one name that `text` is.
fn name(text: &str) -> Option<String> {
    let Some(quoted) = text.strip_prefix('"') else {
        let word = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | 0x80..);
        return (!text.is_empty() && text.bytes().all(word)).then(|| text.to_owned());
    };
    let mut name = String::new();
    let mut letters = quoted.chars();
    loop {
        match letters.next()? {
            '"' => return letters.as_str().is_empty().then_some(name),
            '\\' => name.push(match letters.next()? {
                'n' => '\n',
                'r' => '\r',
                other => other,
            }),
            letter => name.push(letter),
        }
    }
}
