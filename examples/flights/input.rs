//! The rows of the file, checked field by field.

use std::{
    fs::File,
    io::{self, BufRead, BufReader, Cursor, Read},
    path::{Path, PathBuf},
};

use csv::{ByteRecord, ErrorKind, Reader};
use flate2::bufread::MultiGzDecoder;

use crate::aircraft::{AircraftId, Flight};

/// The first three days of the year, shipped with the example.
const SAMPLE: &[u8] = include_bytes!("first_three_days.csv.gz");

/// Why the input, or a row of it, cannot be taken.
#[derive(Debug, thiserror::Error)]
pub(crate) enum InputError {
    #[error("{path:?} cannot be opened: {source}")]
    Open { path: PathBuf, source: io::Error },
    #[error("line {line} cannot be read: {source}")]
    Read { line: u64, source: csv::Error },
    #[error("the first line names no column `{0}`: it must be the header of a flights file")]
    NoColumn(&'static str),
    #[error("line {line} has {found} fields, the header has {expected}")]
    Length { line: u64, found: u64, expected: u64 },
    #[error("line {line}, column `{column}`: `{value}` is not {expected}")]
    Malformed { line: u64, column: &'static str, value: String, expected: &'static str },
    #[error("line {line} has no tail number, so there is no aircraft to fly it")]
    NoTailNumber { line: u64 },
}

/// One row.
#[derive(Debug)]
pub(crate) struct Row {
    /// Of the data rows, from 1.
    pub(crate) number: u64,
    pub(crate) line: u64,
    pub(crate) tail: AircraftId,
    pub(crate) flight: Flight,
    pub(crate) fate: Fate,
}

/// What became of a flight; delays in minutes.
#[derive(Debug)]
pub(crate) enum Fate {
    Cancelled,
    Diverted { departure_delay: i32 },
    Arrived { departure_delay: i32, arrival_delay: i32 },
}

/// Opens the file, or the sample, and says how many bytes it has.
pub(crate) fn open(path: Option<&Path>) -> Result<(Box<dyn Read + Send>, u64), InputError> {
    let Some(path) = path else { return Ok((Box::new(Cursor::new(SAMPLE)), SAMPLE.len() as u64)) };
    let opened = File::open(path).and_then(|file| file.metadata().map(|metadata| (file, metadata.len())));
    let (file, size) = opened.map_err(|source| InputError::Open { path: path.to_owned(), source })?;
    Ok((Box::new(file), size))
}

/// Reads rows one by one, from CSV, plain or as gzip.
pub(crate) struct Rows {
    reader: Reader<Box<dyn Read + Send>>,
    columns: Columns,
    record: ByteRecord,
}

impl Rows {
    pub(crate) fn new(input: impl Read + Send + 'static) -> Result<Self, InputError> {
        let mut input = BufReader::new(input);
        let start = input.fill_buf().map_err(|e| InputError::Read { line: 1, source: e.into() })?;
        let plain: Box<dyn Read + Send> = if start.starts_with(&[0x1f, 0x8b]) {
            Box::new(MultiGzDecoder::new(input))
        } else {
            Box::new(input)
        };
        let mut reader = Reader::from_reader(plain);
        let header = reader.byte_headers().map_err(|source| InputError::Read { line: 1, source })?;
        let columns = Columns::find(header)?;
        Ok(Self { reader, columns, record: ByteRecord::new() })
    }
}

impl Iterator for Rows {
    type Item = Result<Row, InputError>;

    fn next(&mut self) -> Option<Self::Item> {
        let at = self.reader.position().clone();
        match self.reader.read_byte_record(&mut self.record) {
            Ok(false) => None,
            Ok(true) => Some(self.columns.row(&self.record)),
            Err(error) => Some(Err(match *error.kind() {
                ErrorKind::UnequalLengths { ref pos, expected_len: expected, len: found } => {
                    let line = pos.as_ref().map_or(at.line(), csv::Position::line);
                    InputError::Length { line, found, expected }
                }
                _ => InputError::Read { line: at.line(), source: error },
            })),
        }
    }
}

/// A column that is read: its name and place.
struct Column(&'static str, usize);

struct Columns {
    dep_time: Column,
    dep_delay: Column,
    arr_delay: Column,
    carrier: Column,
    flight: Column,
    tailnum: Column,
    origin: Column,
    dest: Column,
    distance: Column,
}

impl Columns {
    fn find(header: &ByteRecord) -> Result<Self, InputError> {
        let find = |name: &'static str| {
            let at = header.iter().position(|field| field == name.as_bytes());
            at.map(|at| Column(name, at)).ok_or(InputError::NoColumn(name))
        };
        Ok(Self {
            dep_time: find("dep_time")?,
            dep_delay: find("dep_delay")?,
            arr_delay: find("arr_delay")?,
            carrier: find("carrier")?,
            flight: find("flight")?,
            tailnum: find("tailnum")?,
            origin: find("origin")?,
            dest: find("dest")?,
            distance: find("distance")?,
        })
    }

    fn row(&self, record: &ByteRecord) -> Result<Row, InputError> {
        let position = record.position();
        let fields = Fields { record, line: position.map_or(0, csv::Position::line) };
        let tail = fields.present(&self.tailnum)?.ok_or(InputError::NoTailNumber { line: fields.line })?;
        Ok(Row {
            // The header is record 0.
            number: position.map_or(0, csv::Position::record),
            line: fields.line,
            tail: tail.to_owned(),
            flight: Flight {
                carrier: fields.text(&self.carrier)?,
                number: fields.number(&self.flight)?,
                origin: fields.text(&self.origin)?,
                destination: fields.text(&self.dest)?,
                miles: fields.number(&self.distance)?,
            },
            fate: if fields.present(&self.dep_time)?.is_none() {
                Fate::Cancelled
            } else {
                let departure_delay = fields.number(&self.dep_delay)?;
                match fields.present(&self.arr_delay)? {
                    None => Fate::Diverted { departure_delay },
                    Some(_) => {
                        Fate::Arrived { departure_delay, arrival_delay: fields.number(&self.arr_delay)? }
                    }
                }
            },
        })
    }
}

/// The fields of one row.
struct Fields<'a> {
    record: &'a ByteRecord,
    line: u64,
}

impl Fields<'_> {
    /// What is written there; neither nothing nor `NA` is.
    fn present(&self, &Column(column, at): &Column) -> Result<Option<&str>, InputError> {
        let field = self.record.get(at).unwrap_or_default();
        match std::str::from_utf8(field) {
            Ok("" | "NA") => Ok(None),
            Ok(text) => Ok(Some(text)),
            Err(_) => {
                let value = String::from_utf8_lossy(field).into_owned();
                Err(InputError::Malformed { line: self.line, column, value, expected: "UTF-8" })
            }
        }
    }

    fn text(&self, column: &Column) -> Result<String, InputError> {
        match self.present(column)? {
            Some(text) => Ok(text.to_owned()),
            None => Err(self.malformed(column, "a text")),
        }
    }

    fn number<T: std::str::FromStr>(&self, column: &Column) -> Result<T, InputError> {
        let number = self.present(column)?.and_then(|text| text.parse().ok());
        number.ok_or_else(|| self.malformed(column, "a whole number"))
    }

    fn malformed(&self, &Column(column, at): &Column, expected: &'static str) -> InputError {
        let value = String::from_utf8_lossy(self.record.get(at).unwrap_or_default()).into_owned();
        InputError::Malformed { line: self.line, column, value, expected }
    }
}
