const _: () = {
    #[automatically_derived]
    impl ::event_sourcing::command::Provides<FxRates> for Services {
        fn service(&self) -> &(FxRates) {
            &self.fx
        }
    }
    #[automatically_derived]
    impl ::event_sourcing::command::Provides<dyn Mailer + 'static> for Services {
        fn service(&self) -> &(dyn Mailer + 'static) {
            &*self.mailer
        }
    }
};
