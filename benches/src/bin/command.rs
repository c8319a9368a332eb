//! What a command costs: `cargo run --release -p es-bench --bin command -- --help`.

fn main() -> std::process::ExitCode {
    es_bench::command()
}
