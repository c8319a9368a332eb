//! The types of the crate `time`: parts in bincode, text in JSON.

use super::{Input, ToJsonError};
use crate::schema::Scalar;

pub(super) fn read(scalar: Scalar, input: &mut Input<'_>) -> Result<String, ToJsonError> {
    Ok(match scalar {
        Scalar::TimeDate => date(input)?,
        Scalar::TimeTime => time(input)?,
        Scalar::TimePrimitiveDateTime => format!("{} {}", date(input)?, time(input)?),
        Scalar::TimeOffsetDateTime => {
            let (date, time) = (date(input)?, time(input)?);
            let [hours, minutes, seconds] = input.array::<3>()?.map(u8::cast_signed);
            let sign = if hours < 0 || minutes < 0 || seconds < 0 { '-' } else { '+' };
            let [hours, minutes, seconds] = [hours, minutes, seconds].map(i8::unsigned_abs);
            format!("{date} {time} {sign}{hours:02}:{minutes:02}:{seconds:02}")
        }
        _ => {
            let (seconds, nanoseconds) = (input.signed(64)?, input.signed(32)?);
            let sign = if seconds < 0 || nanoseconds < 0 { "-" } else { "" };
            format!("{sign}{}.{:09}", seconds.unsigned_abs(), nanoseconds.unsigned_abs())
        }
    })
}

fn date(input: &mut Input<'_>) -> Result<String, ToJsonError> {
    let (year, ordinal) = (input.signed(32)?, input.unsigned(16)?);
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let lengths = [31, if leap { 29 } else { 28 }, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];
    let mut day = ordinal;
    for (month, length) in (1..).zip(lengths) {
        if (1..=length).contains(&day) {
            let sign = match year {
                ..0 => "-",
                0..10_000 => "",
                _ => "+",
            };
            return Ok(format!("{sign}{:04}-{month:02}-{day:02}", year.unsigned_abs()));
        }
        day = day.saturating_sub(length);
    }
    Err(input.malformed(format!("day {ordinal} of the year {year}")))
}

fn time(input: &mut Input<'_>) -> Result<String, ToJsonError> {
    let [hour, minute, second] = input.array()?;
    let fraction = format!("{:09}", input.unsigned(32)?);
    let fraction = match fraction.trim_end_matches('0') {
        "" => "0",
        some => some,
    };
    Ok(format!("{hour:02}:{minute:02}:{second:02}.{fraction}"))
}
