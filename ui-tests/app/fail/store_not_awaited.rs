use event_sourcing::prelude::*;

async fn open() -> MemoryEventStore {
    MemoryEventStore::new()
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder(open()).start().await?;
    drop(app);
    Ok(())
}
