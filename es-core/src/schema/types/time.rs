super::scalar! {
    TimeOffsetDateTime: time::OffsetDateTime;
    TimePrimitiveDateTime: time::PrimitiveDateTime;
    TimeDate: time::Date;
    TimeTime: time::Time;
    TimeDuration: time::Duration;
}
