//! Views in PostgreSQL.

mod connect;
mod repository;
mod schema;
mod text;

pub use repository::PostgresRepository;
