//! Views in PostgreSQL.

mod repository;
mod schema;
mod text;

pub use repository::PostgresRepository;
