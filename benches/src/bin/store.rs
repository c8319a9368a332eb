//! What commands and loads cost over Cassandra: `cargo run --release -p es-bench --bin store -- --help`.

fn main() -> std::process::ExitCode {
    es_bench::store()
}
