use event_sourcing::Services;

pub trait Mailer: Send + Sync {}

#[derive(Services)]
pub struct Services {
    #[provide]
    mailer: Box<dyn Mailer>,
}

fn main() {}
