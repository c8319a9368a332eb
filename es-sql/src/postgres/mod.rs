//! Views in PostgreSQL.

mod connect;
mod repository;
mod schema;
mod session;
mod text;

pub(crate) use connect::{check_name, options};
pub use repository::PostgresRepository;
pub(crate) use schema::{VERSION, version};
pub(crate) use text::unescape;
