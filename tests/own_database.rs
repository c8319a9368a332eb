//! The databases of `docs/own-database.md` do what is asked of every repository.

#[path = "../docs/own_database/documents.rs"]
mod documents;
#[path = "../docs/own_database/transactions.rs"]
mod transactions;

use documents::Shelf;
use event_sourcing::testing::conformance::{DocumentRepositoryFixture, RepositoryFixture};
use transactions::Ledger;

impl RepositoryFixture for Ledger {
    type Repository = Self;
    async fn open(&self) -> Self {
        self.clone()
    }
}

impl DocumentRepositoryFixture for Shelf {
    type Repository = Self;
    async fn open(&self) -> Self {
        self.clone()
    }
}

mod with_transactions {
    event_sourcing::testing::repository_conformance!(super::Ledger::default());
}

mod of_documents {
    event_sourcing::testing::document_repository_conformance!(super::Shelf::default());
}

/// What the page shows is what passes the suites.
#[test]
fn the_page_shows_this_code() {
    let page = include_str!("../docs/own-database.md");
    for code in [
        include_str!("../docs/own_database/transactions.rs"),
        include_str!("../docs/own_database/documents.rs"),
    ] {
        let first = code.lines().find(|line| line.starts_with("pub struct")).unwrap_or_default();
        assert!(page.contains(code), "copy the file with `{first}` into docs/own-database.md");
    }
}
