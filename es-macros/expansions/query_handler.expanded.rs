async fn balance(
    views: &Views<Balances>,
    q: &GetBalance,
    clock: &Clock,
) -> Result<Option<Balance>, QueryError> {
    views.get(&q.account).await
}
const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::query::Query for GetBalance {
        type Output = <Result<
            Option<Balance>,
            QueryError,
        > as ::event_sourcing::query::QueryResult>::Answer;
        type Error = <Result<
            Option<Balance>,
            QueryError,
        > as ::event_sourcing::query::QueryResult>::Error;
        const READS: &'static [&'static ::core::primitive::str] = &[
            <Balances as ::event_sourcing::projection::Projection>::NAME,
        ];
    }
    #[automatically_derived]
    impl<__EsServices> ::event_sourcing::query::Answer<__EsServices> for GetBalance
    where
        __EsServices: ::core::marker::Send + ::core::marker::Sync
            + ::event_sourcing::command::Provides<Clock>,
        for<'__es> Balances: ::event_sourcing::checks::IsProjection<'__es>,
        for<'__es> Result<
            Option<Balance>,
            QueryError,
        >: ::event_sourcing::checks::IsQueryResult<'__es>,
    {
        #[allow(unused_variables, reason = "a handler need not look at everything")]
        async fn answer(
            &self,
            __es_views: &::event_sourcing::query::ViewSet,
            __es_services: &__EsServices,
        ) -> ::core::result::Result<
            <Self as ::event_sourcing::query::Query>::Output,
            <Self as ::event_sourcing::query::Query>::Error,
        > {
            <Result<
                Option<Balance>,
                QueryError,
            > as ::event_sourcing::query::QueryResult>::into_result(
                balance(
                        &::event_sourcing::query::ViewSet::of::<Balances>(__es_views)?,
                        self,
                        <__EsServices as ::event_sourcing::command::Provides<
                            Clock,
                        >>::service(__es_services),
                    )
                    .await,
            )
        }
    }
};
