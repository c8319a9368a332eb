fn open(cmd: &Open) -> Result<Opened, AccountError> {
    Ok(Opened { owner: cmd.owner.clone() })
}
const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::command::Command for Open {
        type Aggregate = Account;
        type Error = <Result<
            Opened,
            AccountError,
        > as ::event_sourcing::command::CommandResult<Account>>::Error;
        const CREATES: ::core::primitive::bool = true;
    }
    #[automatically_derived]
    impl<__EsServices> ::event_sourcing::command::Decide<__EsServices> for Open
    where
        __EsServices: ::core::marker::Send + ::core::marker::Sync,
        for<'__es> Account: ::event_sourcing::checks::IsAggregate<'__es>,
        for<'__es> Result<
            Opened,
            AccountError,
        >: ::event_sourcing::checks::IsCommandResult<'__es, Account>,
    {
        #[allow(unused_variables, reason = "a handler need not look at everything")]
        async fn decide(
            &self,
            __es_state: &Account,
            __es_cx: &::event_sourcing::command::CommandContext<Account>,
            __es_services: &__EsServices,
        ) -> ::core::result::Result<
            ::std::vec::Vec<<Account as ::event_sourcing::aggregate::Aggregate>::Event>,
            <Self as ::event_sourcing::command::Command>::Error,
        > {
            <Result<
                Opened,
                AccountError,
            > as ::event_sourcing::command::CommandResult<
                Account,
            >>::into_events(open(self))
        }
    }
};
async fn exchange(
    account: &Account,
    cmd: &Exchange,
    fx: &FxRates,
    mail: &dyn Mailer,
    cx: &CommandContext<Account>,
) -> Result<Vec<AccountEvent>, AccountError> {
    Ok(Vec::new())
}
const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::command::Command for Exchange {
        type Aggregate = Account;
        type Error = <Result<
            Vec<AccountEvent>,
            AccountError,
        > as ::event_sourcing::command::CommandResult<Account>>::Error;
        const CREATES: ::core::primitive::bool = false;
    }
    #[automatically_derived]
    impl<__EsServices> ::event_sourcing::command::Decide<__EsServices> for Exchange
    where
        __EsServices: ::core::marker::Send + ::core::marker::Sync
            + ::event_sourcing::command::Provides<FxRates>
            + ::event_sourcing::command::Provides<dyn Mailer>,
        for<'__es> Account: ::event_sourcing::checks::IsAggregate<'__es>,
        for<'__es> Result<
            Vec<AccountEvent>,
            AccountError,
        >: ::event_sourcing::checks::IsCommandResult<'__es, Account>,
    {
        #[allow(unused_variables, reason = "a handler need not look at everything")]
        async fn decide(
            &self,
            __es_state: &Account,
            __es_cx: &::event_sourcing::command::CommandContext<Account>,
            __es_services: &__EsServices,
        ) -> ::core::result::Result<
            ::std::vec::Vec<<Account as ::event_sourcing::aggregate::Aggregate>::Event>,
            <Self as ::event_sourcing::command::Command>::Error,
        > {
            <Result<
                Vec<AccountEvent>,
                AccountError,
            > as ::event_sourcing::command::CommandResult<
                Account,
            >>::into_events(
                exchange(
                        __es_state,
                        self,
                        <__EsServices as ::event_sourcing::command::Provides<
                            FxRates,
                        >>::service(__es_services),
                        <__EsServices as ::event_sourcing::command::Provides<
                            dyn Mailer,
                        >>::service(__es_services),
                        __es_cx,
                    )
                    .await,
            )
        }
    }
};
