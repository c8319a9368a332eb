use chrono::{DateTime, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone};

use crate::schema::{EventSchema, Scalar, Schema};

super::scalar! {
    ChronoNaiveDateTime: NaiveDateTime;
    ChronoDate: NaiveDate;
    ChronoTime: NaiveTime;
}

#[diagnostic::do_not_recommend]
impl<Z: TimeZone> EventSchema for DateTime<Z> {
    const SCHEMA: &'static Schema = &Schema::Scalar(Scalar::ChronoDateTime);
}

#[diagnostic::do_not_recommend]
impl EventSchema for TimeDelta {
    const SCHEMA: &'static Schema = <(i64, i32)>::SCHEMA;
}
