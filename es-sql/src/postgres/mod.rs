//! Views in PostgreSQL.

mod connect;
mod repository;
mod schema;
mod session;
mod text;

pub use repository::PostgresRepository;
