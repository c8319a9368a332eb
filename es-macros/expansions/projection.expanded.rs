impl Balances {
    fn opened(view: &mut Balance, e: &Opened, _m: &Metadata) {
        view.owner = e.owner.clone();
    }
    #[cfg(feature = "deposits")]
    fn deposited(view: &mut Balance, e: &Deposited) -> Result<(), Overflow> {
        view.add(e.amount)
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(
        private_interfaces,
        missing_debug_implementations,
        reason = "nobody can name it"
    )]
    pub enum __EsInput {
        Event0(Opened),
        #[cfg(feature = "deposits")]
        Event1(Deposited),
    }
    #[automatically_derived]
    impl ::event_sourcing::projection::Projection for Balances {
        type Style = ::event_sourcing::projection::style::View;
        const NAME: &'static ::core::primitive::str = "balances";
        const SUBSCRIPTIONS: &'static [::event_sourcing::projection::Subscribed] = &[
            <Opened as ::event_sourcing::event::stored::Current>::SUBSCRIBED,
            #[cfg(feature = "deposits")]
            <Deposited as ::event_sourcing::event::stored::Current>::SUBSCRIBED,
        ];
        const FAILURE: ::event_sourcing::projection::FailurePolicy = ::event_sourcing::projection::FailurePolicy {
            retries: ::event_sourcing::projection::FailurePolicy::DEFAULT.retries,
            then: ::event_sourcing::projection::OnFailure::Park,
        };
    }
    #[automatically_derived]
    impl ::event_sourcing::projection::ViewProjection for Balances {
        type View = Balance;
        type Key = AccountId;
        type Keying = ::event_sourcing::projection::keying::ByAggregate;
        type Input = __EsInput;
        const USES_METADATA: ::core::primitive::bool = true;
        #[allow(
            unreachable_patterns,
            unused_variables,
            reason = "equal names are reported below"
        )]
        fn decode(
            &self,
            __es_event: &::event_sourcing::event::RawEvent<'_>,
            __es_codec: ::event_sourcing::event::Codec,
        ) -> ::core::result::Result<
            ::core::option::Option<__EsInput>,
            ::event_sourcing::event::DecodeError,
        > {
            match __es_event.name {
                <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Opened as ::event_sourcing::event::stored::Current>::read(
                            __es_event.version,
                            __es_codec,
                            __es_event.payload,
                        ),
                        |__es_event| ::core::option::Option::Some(
                            __EsInput::Event0(__es_event),
                        ),
                    )
                }
                #[cfg(feature = "deposits")]
                <Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Deposited as ::event_sourcing::event::stored::Current>::read(
                            __es_event.version,
                            __es_codec,
                            __es_event.payload,
                        ),
                        |__es_event| ::core::option::Option::Some(
                            __EsInput::Event1(__es_event),
                        ),
                    )
                }
                _ => ::core::result::Result::Ok(::core::option::Option::None),
            }
        }
        #[allow(unused_variables, reason = "not every handler takes the metadata")]
        fn fold(
            &self,
            __es_view: &mut Balance,
            __es_input: &__EsInput,
            __es_metadata: &::event_sourcing::event::Metadata,
        ) -> ::core::result::Result<(), ::event_sourcing::store::BoxError> {
            match __es_input {
                __EsInput::Event0(__es_event) => {
                    <() as ::event_sourcing::projection::FoldResult>::into_fold(
                        Self::opened(__es_view, __es_event, __es_metadata),
                    )
                }
                #[cfg(feature = "deposits")]
                __EsInput::Event1(__es_event) => {
                    <Result<
                        (),
                        Overflow,
                    > as ::event_sourcing::projection::FoldResult>::into_fold(
                        Self::deposited(__es_view, __es_event),
                    )
                }
            }
        }
    }
    #[cfg(feature = "deposits")]
    const __ES_NAME_1: &::core::primitive::str = <Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME;
    #[cfg(not(all(all(feature = "deposits"))))]
    const __ES_NAME_1: &::core::primitive::str = ::event_sourcing::checks::UNKNOWN_NAME;
    #[allow(
        dead_code,
        reason = "the handlers that could repeat an event may not be compiled"
    )]
    const __ES_REPEATED: [::core::primitive::bool; 2usize] = ::event_sourcing::checks::repeated([
        <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME,
        __ES_NAME_1,
    ]);
    #[cfg(feature = "deposits")]
    const _: () = ::core::assert!(
        ! __ES_REPEATED[1usize],
        "`Deposited` has the stored name of an event that a handler before takes, so `deposited` would never run: do both in one handler"
    );
    #[cfg(feature = "deposits")]
    const _: () = ::core::assert!(
        ::event_sourcing::checks::same_category(< Opened as
        ::event_sourcing::event::stored::Current > ::STORED_NAME, < Deposited as
        ::event_sourcing::event::stored::Current > ::STORED_NAME),
        "`Deposited` is an event of another aggregate than `Opened`, so the aggregate's id does not find the row: say by which key each handler of `Balances` finds it, `#[on(key = ..)]`"
    );
};
impl ByOwner {
    #[allow(unused_variables, reason = "the key may be all that looks at one")]
    fn opened(view: &mut Balance, e: &Opened) {}
    #[allow(unused_variables, reason = "the key may be all that looks at one")]
    fn deposited(
        view: &mut Balance,
        Deposited { amount, .. }: &Deposited,
        m: &Metadata,
    ) {}
    fn closed(view: &mut Balance, _: &Closed) {}
}
const _: () = {
    #[doc(hidden)]
    #[allow(
        private_interfaces,
        missing_debug_implementations,
        reason = "nobody can name it"
    )]
    pub enum __EsInput {
        Event0(Opened),
        Event1(Deposited),
        Event2(Closed),
    }
    #[automatically_derived]
    impl ::event_sourcing::projection::Projection for ByOwner {
        type Style = ::event_sourcing::projection::style::View;
        const NAME: &'static ::core::primitive::str = "by_owner";
        const SUBSCRIPTIONS: &'static [::event_sourcing::projection::Subscribed] = &[
            <Opened as ::event_sourcing::event::stored::Current>::SUBSCRIBED,
            <Deposited as ::event_sourcing::event::stored::Current>::SUBSCRIBED,
            <Closed as ::event_sourcing::event::stored::Current>::SUBSCRIBED,
        ];
        const FAILURE: ::event_sourcing::projection::FailurePolicy = ::event_sourcing::projection::FailurePolicy {
            retries: 3u32,
            then: ::event_sourcing::projection::OnFailure::Stop,
        };
    }
    #[automatically_derived]
    impl ::event_sourcing::projection::ViewProjection for ByOwner {
        type View = Balance;
        type Key = str;
        type Keying = ::event_sourcing::projection::keying::ByKey;
        type Input = __EsInput;
        const USES_METADATA: ::core::primitive::bool = true;
        #[allow(
            unreachable_patterns,
            unused_variables,
            reason = "equal names are reported below"
        )]
        fn decode(
            &self,
            __es_event: &::event_sourcing::event::RawEvent<'_>,
            __es_codec: ::event_sourcing::event::Codec,
        ) -> ::core::result::Result<
            ::core::option::Option<__EsInput>,
            ::event_sourcing::event::DecodeError,
        > {
            match __es_event.name {
                <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Opened as ::event_sourcing::event::stored::Current>::read(
                            __es_event.version,
                            __es_codec,
                            __es_event.payload,
                        ),
                        |__es_event| ::core::option::Option::Some(
                            __EsInput::Event0(__es_event),
                        ),
                    )
                }
                <Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Deposited as ::event_sourcing::event::stored::Current>::read(
                            __es_event.version,
                            __es_codec,
                            __es_event.payload,
                        ),
                        |__es_event| ::core::option::Option::Some(
                            __EsInput::Event1(__es_event),
                        ),
                    )
                }
                <Closed as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Closed as ::event_sourcing::event::stored::Current>::read(
                            __es_event.version,
                            __es_codec,
                            __es_event.payload,
                        ),
                        |__es_event| ::core::option::Option::Some(
                            __EsInput::Event2(__es_event),
                        ),
                    )
                }
                _ => ::core::result::Result::Ok(::core::option::Option::None),
            }
        }
        #[allow(
            unused_variables,
            unused_mut,
            unused_parens,
            reason = "a key need not look at every parameter"
        )]
        fn key(
            &self,
            input: &__EsInput,
            metadata: &::event_sourcing::event::Metadata,
            out: &mut ::std::string::String,
        ) {
            match input {
                __EsInput::Event0(event) => {
                    let e: &Opened = event;
                    ::event_sourcing::projection::write_key::<str>(&(e.owner), out)
                }
                __EsInput::Event1(event) => {
                    let Deposited { amount, .. }: &Deposited = event;
                    let m: &Metadata = metadata;
                    ::event_sourcing::projection::write_key::<
                        str,
                    >(&(m.command.header_value("owner").unwrap_or_default()), out)
                }
                __EsInput::Event2(event) => out.push_str(&metadata.aggregate_id),
            }
        }
        #[allow(unused_variables, reason = "not every handler takes the metadata")]
        fn fold(
            &self,
            __es_view: &mut Balance,
            __es_input: &__EsInput,
            __es_metadata: &::event_sourcing::event::Metadata,
        ) -> ::core::result::Result<(), ::event_sourcing::store::BoxError> {
            match __es_input {
                __EsInput::Event0(__es_event) => {
                    <() as ::event_sourcing::projection::FoldResult>::into_fold(
                        Self::opened(__es_view, __es_event),
                    )
                }
                __EsInput::Event1(__es_event) => {
                    <() as ::event_sourcing::projection::FoldResult>::into_fold(
                        Self::deposited(__es_view, __es_event, __es_metadata),
                    )
                }
                __EsInput::Event2(__es_event) => {
                    <() as ::event_sourcing::projection::FoldResult>::into_fold(
                        Self::closed(__es_view, __es_event),
                    )
                }
            }
        }
    }
    #[allow(
        dead_code,
        reason = "the handlers that could repeat an event may not be compiled"
    )]
    const __ES_REPEATED: [::core::primitive::bool; 3usize] = ::event_sourcing::checks::repeated([
        <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME,
        <Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME,
        <Closed as ::event_sourcing::event::stored::Current>::STORED_NAME,
    ]);
    const _: () = ::core::assert!(
        ! __ES_REPEATED[1usize],
        "`Deposited` has the stored name of an event that a handler before takes, so `deposited` would never run: do both in one handler"
    );
    const _: () = ::core::assert!(
        ! __ES_REPEATED[2usize],
        "`Closed` has the stored name of an event that a handler before takes, so `closed` would never run: do both in one handler"
    );
};
