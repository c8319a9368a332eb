//! What the way into views costs: `cargo run --release -p es-bench --bin pipeline -- --help`.

fn main() -> std::process::ExitCode {
    es_bench::pipeline()
}
