use event_sourcing::prelude::*;

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let app = App::builder("app.db").start().await?;
    drop(app);
    Ok(())
}
