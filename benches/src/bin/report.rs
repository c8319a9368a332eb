//! All benchmarks in one report: `cargo xtask bench`, or `cargo run --release -p es-bench --bin report -- --help`.

fn main() -> std::process::ExitCode {
    es_bench::report()
}
