///The events of [`Account`].
#[allow(private_interfaces, reason = "an event may be less visible than its aggregate")]
pub enum AccountEvent {
    ///[`Opened`]
    Opened(Opened),
    ///[`events::Deposited`]
    Deposited(events::Deposited),
}
const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::event::EventSet for AccountEvent {
        fn name(&self) -> &'static ::core::primitive::str {
            match self {
                Self::Opened(_) => {
                    <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME
                }
                Self::Deposited(_) => {
                    <events::Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME
                }
            }
        }
        fn version(&self) -> ::core::primitive::u32 {
            match self {
                Self::Opened(_) => {
                    <Opened as ::event_sourcing::event::stored::Current>::STORED_VERSION
                }
                Self::Deposited(_) => {
                    <events::Deposited as ::event_sourcing::event::stored::Current>::STORED_VERSION
                }
            }
        }
        #[allow(
            unused_variables,
            reason = "an aggregate may have no events while it is written"
        )]
        fn encode(
            &self,
            __es_codec: ::event_sourcing::event::Codec,
            __es_out: &mut ::std::vec::Vec<::core::primitive::u8>,
        ) -> ::core::result::Result<(), ::event_sourcing::event::EncodeError> {
            match self {
                Self::Opened(__es_event) => {
                    <Opened as ::event_sourcing::event::stored::Current>::write(
                        __es_event,
                        __es_codec,
                        __es_out,
                    )
                }
                Self::Deposited(__es_event) => {
                    <events::Deposited as ::event_sourcing::event::stored::Current>::write(
                        __es_event,
                        __es_codec,
                        __es_out,
                    )
                }
            }
        }
        #[allow(
            unreachable_patterns,
            unused_variables,
            reason = "equal names are reported below"
        )]
        fn decode(
            __es_name: &::core::primitive::str,
            __es_version: ::core::primitive::u32,
            __es_codec: ::event_sourcing::event::Codec,
            __es_bytes: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::event_sourcing::event::DecodeError> {
            match __es_name {
                <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Opened as ::event_sourcing::event::stored::Current>::read(
                            __es_version,
                            __es_codec,
                            __es_bytes,
                        ),
                        Self::Opened,
                    )
                }
                <events::Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <events::Deposited as ::event_sourcing::event::stored::Current>::read(
                            __es_version,
                            __es_codec,
                            __es_bytes,
                        ),
                        Self::Deposited,
                    )
                }
                _ => {
                    ::core::result::Result::Err(
                        ::event_sourcing::event::stored::unknown(__es_name),
                    )
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for AccountEvent {
        fn fmt(&self, __es_f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::event_sourcing::event::stored::debug(self, __es_f)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::Emits<Opened> for Account {
        fn wrap(__es_event: Opened) -> AccountEvent {
            AccountEvent::Opened(__es_event)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<Opened> for AccountEvent {
        fn from(__es_event: Opened) -> Self {
            Self::Opened(__es_event)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::Emits<events::Deposited> for Account {
        fn wrap(__es_event: events::Deposited) -> AccountEvent {
            AccountEvent::Deposited(__es_event)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<events::Deposited> for AccountEvent {
        fn from(__es_event: events::Deposited) -> Self {
            Self::Deposited(__es_event)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::IntoEvents<Account> for AccountEvent {
        fn into_events(self, __es_out: &mut ::std::vec::Vec<AccountEvent>) {
            __es_out.push(self)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::Aggregate for Account {
        type Id = String;
        type Event = AccountEvent;
        const CATEGORY: &'static ::core::primitive::str = "account";
        const SNAPSHOT: ::core::option::Option<
            ::event_sourcing::snapshot::SnapshotSpec<Self>,
        > = ::core::option::Option::Some(
            ::event_sourcing::checks::snapshot::<
                Self,
            >(100u64, "struct Account { open : bool , balance : u64 , }"),
        );
        fn apply_event(&mut self, __es_event: &AccountEvent) {
            match __es_event {
                AccountEvent::Opened(__es_event) => {
                    <Self as ::event_sourcing::aggregate::Apply<
                        Opened,
                    >>::apply(self, __es_event)
                }
                AccountEvent::Deposited(__es_event) => {
                    <Self as ::event_sourcing::aggregate::Apply<
                        events::Deposited,
                    >>::apply(self, __es_event)
                }
            }
        }
        fn fork(&self) -> Self {
            match self {
                Self { open: __es_0, balance: __es_1 } => {
                    Self {
                        open: <bool as ::core::clone::Clone>::clone(__es_0),
                        balance: <u64 as ::core::clone::Clone>::clone(__es_1),
                    }
                }
            }
        }
    }
    const __ES_REPEATED: [::core::primitive::bool; 2usize] = ::event_sourcing::checks::repeated([
        <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME,
        <events::Deposited as ::event_sourcing::event::stored::Current>::STORED_NAME,
    ]);
    const _: () = ::core::assert!(
        ::event_sourcing::checks::in_category(< Opened as
        ::event_sourcing::event::stored::Current > ::STORED_NAME, "account"),
        "`Opened` is not stored under `account`, the category of `Account`: an event belongs to one aggregate; write `#[event(\"account.<name>\")]` on `Opened`, or remove it from `events(..)`"
    );
    const _: () = ::core::assert!(
        ! __ES_REPEATED[0usize],
        "`Opened` has the stored name of another event of `Account`: write `#[event(\"account.<name>\")]` with a name of its own on `Opened`"
    );
    const _: () = ::core::assert!(
        ::event_sourcing::checks::in_category(< events::Deposited as
        ::event_sourcing::event::stored::Current > ::STORED_NAME, "account"),
        "`events::Deposited` is not stored under `account`, the category of `Account`: an event belongs to one aggregate; write `#[event(\"account.<name>\")]` on `events::Deposited`, or remove it from `events(..)`"
    );
    const _: () = ::core::assert!(
        ! __ES_REPEATED[1usize],
        "`events::Deposited` has the stored name of another event of `Account`: write `#[event(\"account.<name>\")]` with a name of its own on `events::Deposited`"
    );
};
///The events of [`Door`].
#[allow(private_interfaces, reason = "an event may be less visible than its aggregate")]
enum DoorEvent {
    ///[`Opened`]
    Opened(Opened),
}
const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::event::EventSet for DoorEvent {
        fn name(&self) -> &'static ::core::primitive::str {
            match self {
                Self::Opened(_) => {
                    <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME
                }
            }
        }
        fn version(&self) -> ::core::primitive::u32 {
            match self {
                Self::Opened(_) => {
                    <Opened as ::event_sourcing::event::stored::Current>::STORED_VERSION
                }
            }
        }
        #[allow(
            unused_variables,
            reason = "an aggregate may have no events while it is written"
        )]
        fn encode(
            &self,
            __es_codec: ::event_sourcing::event::Codec,
            __es_out: &mut ::std::vec::Vec<::core::primitive::u8>,
        ) -> ::core::result::Result<(), ::event_sourcing::event::EncodeError> {
            match self {
                Self::Opened(__es_event) => {
                    <Opened as ::event_sourcing::event::stored::Current>::write(
                        __es_event,
                        __es_codec,
                        __es_out,
                    )
                }
            }
        }
        #[allow(
            unreachable_patterns,
            unused_variables,
            reason = "equal names are reported below"
        )]
        fn decode(
            __es_name: &::core::primitive::str,
            __es_version: ::core::primitive::u32,
            __es_codec: ::event_sourcing::event::Codec,
            __es_bytes: &[::core::primitive::u8],
        ) -> ::core::result::Result<Self, ::event_sourcing::event::DecodeError> {
            match __es_name {
                <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME => {
                    ::core::result::Result::map(
                        <Opened as ::event_sourcing::event::stored::Current>::read(
                            __es_version,
                            __es_codec,
                            __es_bytes,
                        ),
                        Self::Opened,
                    )
                }
                _ => {
                    ::core::result::Result::Err(
                        ::event_sourcing::event::stored::unknown(__es_name),
                    )
                }
            }
        }
    }
    #[automatically_derived]
    impl ::core::fmt::Debug for DoorEvent {
        fn fmt(&self, __es_f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::event_sourcing::event::stored::debug(self, __es_f)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::Emits<Opened> for Door {
        fn wrap(__es_event: Opened) -> DoorEvent {
            DoorEvent::Opened(__es_event)
        }
    }
    #[automatically_derived]
    impl ::core::convert::From<Opened> for DoorEvent {
        fn from(__es_event: Opened) -> Self {
            Self::Opened(__es_event)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::IntoEvents<Door> for DoorEvent {
        fn into_events(self, __es_out: &mut ::std::vec::Vec<DoorEvent>) {
            __es_out.push(self)
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::aggregate::Aggregate for Door {
        type Id = u32;
        type Event = DoorEvent;
        const CATEGORY: &'static ::core::primitive::str = "door";
        const SNAPSHOT: ::core::option::Option<
            ::event_sourcing::snapshot::SnapshotSpec<Self>,
        > = ::core::option::Option::Some(
            ::event_sourcing::checks::snapshot::<
                Self,
            >(10u64, "struct Door { open : bool , } version = 2"),
        );
        fn apply_event(&mut self, __es_event: &DoorEvent) {
            match __es_event {
                DoorEvent::Opened(__es_event) => {
                    <Self as ::event_sourcing::aggregate::Apply<
                        Opened,
                    >>::apply(self, __es_event)
                }
            }
        }
        fn fork(&self) -> Self {
            match self {
                Self { open: __es_0 } => {
                    Self {
                        open: <bool as ::core::clone::Clone>::clone(__es_0),
                    }
                }
            }
        }
    }
    const __ES_REPEATED: [::core::primitive::bool; 1usize] = ::event_sourcing::checks::repeated([
        <Opened as ::event_sourcing::event::stored::Current>::STORED_NAME,
    ]);
    const _: () = ::core::assert!(
        ::event_sourcing::checks::in_category(< Opened as
        ::event_sourcing::event::stored::Current > ::STORED_NAME, "door"),
        "`Opened` is not stored under `door`, the category of `Door`: an event belongs to one aggregate; write `#[event(\"door.<name>\")]` on `Opened`, or remove it from `events(..)`"
    );
    const _: () = ::core::assert!(
        ! __ES_REPEATED[0usize],
        "`Opened` has the stored name of another event of `Door`: write `#[event(\"door.<name>\")]` with a name of its own on `Opened`"
    );
};
