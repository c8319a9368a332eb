const _: () = {
    struct __EsAgain0;
    impl ::event_sourcing::schema::EventSchema for __EsAgain0 {
        const SCHEMA: &'static ::event_sourcing::schema::Schema = &::event_sourcing::schema::Schema::Again(
            "Line",
        );
    }
    #[automatically_derived]
    impl ::event_sourcing::schema::EventSchema for Line {
        const SCHEMA: &'static ::event_sourcing::schema::Schema = &::event_sourcing::schema::Schema::Struct {
            name: "Line",
            fields: &[
                ::event_sourcing::schema::Field {
                    name: "sku",
                    schema: <String as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
                ::event_sourcing::schema::Field {
                    name: "qty",
                    schema: <u32 as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
                ::event_sourcing::schema::Field {
                    name: "hash",
                    schema: <String as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
                ::event_sourcing::schema::Field {
                    name: "parts",
                    schema: <Vec<
                        __EsAgain0,
                    > as ::event_sourcing::schema::EventSchema>::SCHEMA,
                },
            ],
        };
    }
};
const _: () = {
    #[automatically_derived]
    impl<T: ::event_sourcing::schema::EventSchema> ::event_sourcing::schema::EventSchema
    for Payment<T> {
        const SCHEMA: &'static ::event_sourcing::schema::Schema = &::event_sourcing::schema::Schema::Enum {
            name: "Payment",
            variants: &[
                ::event_sourcing::schema::Variant {
                    name: "cash",
                    body: ::core::option::Option::None,
                },
                ::event_sourcing::schema::Variant {
                    name: "bank_transfer",
                    body: ::core::option::Option::Some(
                        <T as ::event_sourcing::schema::EventSchema>::SCHEMA,
                    ),
                },
                ::event_sourcing::schema::Variant {
                    name: "card",
                    body: ::core::option::Option::Some(
                        &::event_sourcing::schema::Schema::Struct {
                            name: "",
                            fields: &[
                                ::event_sourcing::schema::Field {
                                    name: "number",
                                    schema: <String as ::event_sourcing::schema::EventSchema>::SCHEMA,
                                },
                            ],
                        },
                    ),
                },
                ::event_sourcing::schema::Variant {
                    name: "split",
                    body: ::core::option::Option::Some(
                        &::event_sourcing::schema::Schema::Tuple {
                            name: "",
                            parts: &[
                                <u64 as ::event_sourcing::schema::EventSchema>::SCHEMA,
                                <u64 as ::event_sourcing::schema::EventSchema>::SCHEMA,
                            ],
                        },
                    ),
                },
            ],
        };
    }
};
