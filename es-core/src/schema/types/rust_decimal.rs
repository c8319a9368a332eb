super::scalar! {
    DecimalText: rust_decimal::Decimal;
}
