#[derive(Services)]
pub struct Services {
    fx: FxRates,
    #[provide(dyn Mailer)]
    mailer: Box<dyn Mailer>,
}
