//! The types that are not the application's own.

use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, HashMap, VecDeque},
    net::{IpAddr, Ipv4Addr, Ipv6Addr},
    num::NonZeroU32,
    time::{Duration, SystemTime},
};
use uuid::Uuid;

use super::{shape_of, shown};

#[test]
fn numbers_and_texts() {
    assert_eq!(
        shown((u8::MAX, u16::MAX, u32::MAX, u64::MAX)),
        r#"{"x":[255,65535,4294967295,18446744073709551615]}"#
    );
    shown((250_u16, 251_u16, 252_u32, 65_536_u32, 250_u64, 251_u64, u64::from(u32::MAX) + 1, u128::MAX));
    shown((i8::MIN, i16::MIN, i32::MIN, i64::MIN, i128::MIN));
    shown((i8::MAX, i16::MAX, i32::MAX, i64::MAX, i128::MAX, -1_i64, 0_i16));
    shown((0.1_f32, 0.1_f64, f32::NAN, f64::INFINITY, -0.0_f64, 1e300_f64));
    shown((true, 'a', 'ß', '→', '😀', "\"quoted\"\n\u{1}".to_owned()));
    shown((usize::MAX, isize::MIN, NonZeroU32::MIN, (), Cow::Borrowed("lent")));
}

#[test]
fn collections() {
    shown((
        vec![1_u8, 2],
        VecDeque::from([300_u16]),
        BTreeSet::from(["a".to_owned()]),
        [1_u32; 3],
        [0_u8; 0],
    ));
    shown((Some(Some(1_u8)), None::<String>, Box::new(7_u64)));
    shown(BTreeMap::from([("a".to_owned(), vec![(1_u8, 'x')]), ("b".to_owned(), vec![])]));
    shown((BTreeMap::from([(-1_i32, true)]), BTreeMap::from([(true, ())]), BTreeMap::from([('k', 1_u128)])));
    shown((HashMap::from([(Uuid::from_u128(7), 1_u8)]), BTreeMap::from([(Ipv4Addr::LOCALHOST, 1_u8)])));
    shown((Ok::<u8, String>(1), Err::<u8, String>("no".to_owned()), 1..5_u32, 'a'..='c'));
    assert_eq!(
        shape_of::<BTreeMap<String, Option<(u8, Vec<f64>)>>>().0,
        "x: map<string, option<tuple>>\nx{}.0: u8\nx{}.1: list<f64>\n"
    );
}

/// JSON has no such maps, but what is stored can be shown.
#[test]
fn maps_with_other_keys() {
    use es_core::{event::Codec, schema::to_json};
    let (_, shape) = shape_of::<BTreeMap<(u8, u8), bool>>();
    assert_eq!(to_json(&shape, Codec::Bincode, &[1, 2, 3, 1]).unwrap(), r#"{"x":[[[2,3],true]]}"#);
}

#[test]
fn ids_addresses_and_spans() {
    shown((Uuid::from_u128(u128::MAX / 3), Uuid::nil()));
    shown((
        IpAddr::V4(Ipv4Addr::new(10, 0, 0, 1)),
        IpAddr::V6(Ipv6Addr::LOCALHOST),
        Ipv6Addr::from_bits(1 << 99),
    ));
    shown((Duration::new(3, 500), SystemTime::UNIX_EPOCH + Duration::from_millis(1500)));
}

#[cfg(feature = "chrono")]
#[test]
fn chrono() {
    use ::chrono::{DateTime, FixedOffset, NaiveDate, NaiveTime, TimeDelta, Utc};
    let day = NaiveDate::from_ymd_opt(2024, 2, 29).unwrap();
    let time = NaiveTime::from_hms_nano_opt(23, 59, 59, 120_000_000).unwrap();
    let utc: DateTime<Utc> = day.and_time(time).and_utc();
    let here = utc.with_timezone(&FixedOffset::west_opt(12_600).unwrap());
    shown((utc, here, day.and_time(time), day, time, TimeDelta::milliseconds(-1500)));
}

#[cfg(feature = "rust_decimal")]
#[test]
fn rust_decimal() {
    use ::rust_decimal::Decimal;
    shown((Decimal::new(-12_300, 4), Decimal::MAX));
}

#[cfg(feature = "time")]
#[test]
fn time() {
    use ::time::{Date, Duration, Month, OffsetDateTime, PrimitiveDateTime, Time, UtcOffset};
    let days = [
        (2024, Month::February, 29),
        (2023, Month::December, 31),
        (1, Month::January, 1),
        (-44, Month::March, 15),
    ];
    let times = [(0, 0, 0, 0), (9, 5, 7, 1), (23, 59, 59, 120_000_000)];
    let offsets = [(0, 0, 0), (-3, -30, 0), (14, 0, 1), (0, -1, -1)];
    for (year, month, day) in days {
        let date = Date::from_calendar_date(year, month, day).unwrap();
        for (h, m, s, n) in times {
            let time = Time::from_hms_nano(h, m, s, n).unwrap();
            shown((date, time, PrimitiveDateTime::new(date, time)));
            for (h, m, s) in offsets {
                let offset = UtcOffset::from_hms(h, m, s).unwrap();
                shown(OffsetDateTime::new_in_offset(date, time, offset));
            }
        }
    }
    shown((Duration::new(-1, -5), Duration::new(90, 1), Duration::nanoseconds(-7), Duration::ZERO));
}
