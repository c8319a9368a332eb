use event_sourcing::Services;

#[derive(Services)]
pub struct Services {
    read: String,
    write: String,
}

fn main() {}
