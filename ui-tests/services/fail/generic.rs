use event_sourcing::Services;

#[derive(Services)]
pub struct Services<M> {
    mailer: M,
}

fn main() {}
