const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::schema::EventSchema for DepositedV1 {
        const SCHEMA: &'static ::event_sourcing::schema::Schema = &::event_sourcing::schema::Schema::Struct {
            name: "DepositedV1",
            fields: &[
                ::event_sourcing::schema::Field {
                    name: "amount",
                    schema: <u32 as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
            ],
        };
    }
    const _: () = ::event_sourcing::schema::whole(
        <DepositedV1 as ::event_sourcing::schema::EventSchema>::SCHEMA,
    );
    #[automatically_derived]
    impl ::event_sourcing::event::StoredEvent for DepositedV1 {
        const NAME: &'static ::core::primitive::str = "account.deposited";
        const VERSION: ::core::primitive::u32 = 1u32;
        fn decode(
            __es_version: ::core::primitive::u32,
            __es_codec: ::event_sourcing::event::Codec,
            __es_bytes: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::event_sourcing::event::DecodeError> {
            ::event_sourcing::event::stored::decode(__es_version, __es_codec, __es_bytes)
        }
    }
};
const _: () = {
    const __ES_PAST: ::event_sourcing::event::stored::Upcast<Deposited> = ::event_sourcing::event::stored::Upcast::<
        Deposited,
    >::from::<DepositedV1>();
    const _: () = ::core::assert!(
        __ES_PAST.leads_to("account.deposited", 2u32),
        "`DepositedV1` is not the version before `Deposited`: it must have `#[event(\"account.deposited\", version = 1)]`"
    );
    #[automatically_derived]
    impl ::event_sourcing::schema::EventSchema for Deposited {
        const SCHEMA: &'static ::event_sourcing::schema::Schema = &::event_sourcing::schema::Schema::Struct {
            name: "Deposited",
            fields: &[
                ::event_sourcing::schema::Field {
                    name: "amount",
                    schema: <u64 as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
            ],
        };
    }
    const _: () = ::event_sourcing::schema::whole(
        <Deposited as ::event_sourcing::schema::EventSchema>::SCHEMA,
    );
    #[automatically_derived]
    impl ::event_sourcing::event::StoredEvent for Deposited {
        const NAME: &'static ::core::primitive::str = "account.deposited";
        const VERSION: ::core::primitive::u32 = 2u32;
        fn decode(
            __es_version: ::core::primitive::u32,
            __es_codec: ::event_sourcing::event::Codec,
            __es_bytes: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::event_sourcing::event::DecodeError> {
            ::event_sourcing::event::stored::decode_from(
                &__ES_PAST,
                __es_version,
                __es_codec,
                __es_bytes,
            )
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::event::stored::Newest for Deposited {}
};
