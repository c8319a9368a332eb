use super::Database;
use crate::listeners::{share_a_row, zombie_and_owner};
use es_core::testing::conformance::RepositoryFixture;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn aggregates_of_two_listeners_share_a_row() {
    let database = Database::new().await;
    share_a_row([database.open().await, database.open().await]).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_zombie_beside_the_owner_applies_nothing_twice() {
    let database = Database::new().await;
    zombie_and_owner(database.open().await, database.open().await).await;
}
