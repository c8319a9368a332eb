#[query_handler]
async fn balance(
    views: &Views<Balances>,
    q: &GetBalance,
    clock: &Clock,
) -> Result<Option<Balance>, QueryError> {
    views.get(&q.account).await
}
