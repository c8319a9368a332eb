use event_sourcing::Services;

pub struct Mailer;

#[derive(Services)]
pub struct Services(Mailer);

fn main() {}
