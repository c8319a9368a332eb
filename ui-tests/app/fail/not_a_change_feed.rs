use event_sourcing::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder(MemoryEventStore::new()).change_feed("localhost:9092").start().await?;
    drop(app);
    Ok(())
}
