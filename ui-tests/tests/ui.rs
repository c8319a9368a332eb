//! Each `<macro>/fail/<one mistake>.rs` must fail with the text beside it; each `pass` case must compile and
//! run. After a change of texts: `TRYBUILD=overwrite cargo test -p ui-tests`, then read them as a newcomer.

#[test]
fn ui() {
    let cases = trybuild::TestCases::new();
    cases.pass("*/pass/*.rs");
    cases.compile_fail("*/fail/*.rs");
}
