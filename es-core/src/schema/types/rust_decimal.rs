super::scalar! {
    Decimal: rust_decimal::Decimal;
}
