use es_core::store::BoxError;
use scylla::{
    response::query_result::QueryResult,
    value::{CqlValue, Row},
};

/// Whether a lightweight transaction was applied. The driver does not say it, and the servers differ in which columns
/// come along with a refusal.
pub(crate) fn is_applied(result: QueryResult) -> Result<bool, BoxError> {
    let rows = result.into_rows_result()?;
    let at = rows.column_specs().iter().position(|spec| spec.name() == "[applied]");
    let row = rows.first_row::<Row>()?;
    match at.and_then(|at| row.columns.into_iter().nth(at)).flatten() {
        Some(CqlValue::Boolean(applied)) => Ok(applied),
        _ => Err("the answer to a lightweight transaction has no `[applied]`".into()),
    }
}
