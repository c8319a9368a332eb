use event_sourcing::Services;

pub trait Mailer: Send + Sync {}
pub trait Clock: Send + Sync {}

#[derive(Services)]
pub struct Services {
    #[provide(dyn Clock)]
    mailer: Box<dyn Mailer>,
}

fn main() {}
