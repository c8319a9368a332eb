//! The benchmarks that need a server, each run once: every case checks its own result.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

use std::process::Command;

#[test]
fn the_store_benchmark_works() {
    let hosts = std::env::var("ES_CASSANDRA_HOSTS").unwrap_or_else(|_| "127.0.0.1:9042".to_owned());
    let host = hosts.split(',').next().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("store.json");
    let mut bench = Command::new(env!("CARGO_BIN_EXE_store"));
    bench.args(["--quick", "--rounds", "1", "--server", host, "--json"]).arg(&json);
    let output = bench.output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let cases = report["sections"].as_array().unwrap().iter().flat_map(|s| s["cases"].as_array().unwrap());
    let cases: Vec<_> = cases.collect();
    assert_eq!(cases.len(), 11, "{report}");
    for case in cases {
        assert!(said.contains(case["label"].as_str().unwrap()), "{said}");
        assert!(case["ns_per_command"]["median"].as_f64().unwrap() > 0.0, "{case}");
        // A command's event alone is 100 bytes; a stream's end is its id and where it ends.
        let least = match case["key"].as_str().unwrap() {
            key if key.contains("scan") => 40.0,
            _ if case["commands_per_commit"].is_null() => 200.0,
            _ => 100.0,
        };
        assert!(case["wire_bytes"].as_f64().unwrap() > least, "{case}");
    }
}

/// The arguments that say where the servers are.
fn servers() -> [String; 6] {
    let variable = |name, or: &str| std::env::var(name).unwrap_or_else(|_| or.to_owned());
    let hosts = variable("ES_CASSANDRA_HOSTS", "127.0.0.1:9042");
    let host = hosts.split(',').next().unwrap();
    let brokers = variable("ES_KAFKA_BROKERS", "127.0.0.1:9092");
    let postgres = variable("ES_POSTGRES_URL", "postgres://postgres@127.0.0.1:54320/postgres");
    ["--server", host, "--brokers", &brokers, "--postgres", &postgres].map(str::to_owned)
}

/// Growth alone; the others have tests of their own, and the peers are built by `cargo xtask bench`.
#[test]
fn the_report_works() {
    let folder = tempfile::tempdir().unwrap();
    let mut bench = Command::new(env!("CARGO_BIN_EXE_report"));
    bench.args(["--quick", "--only", "growth/", "--to"]).arg(folder.path()).args(servers());
    let output = bench.output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let read = |name| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let (page, chart) = (read("report.md"), read("report.svg"));
    let report: serde_json::Value = serde_json::from_str(&read("report.json")).unwrap();
    let cases = report["sections"].as_array().unwrap().iter().flat_map(|s| s["cases"].as_array().unwrap());
    let cases: Vec<_> = cases.collect();
    assert_eq!(cases.len(), 6 + 16 + 4, "{report}");
    for case in cases {
        let label = case["label"].as_str().unwrap();
        assert!(page.contains(label) && chart.contains(label), "{label}");
        assert!(case["memory"]["resident"].as_u64().unwrap() > 1_000_000, "{case}");
        assert!(case["memory"]["heap"].as_u64().unwrap() > 0, "{case}");
    }
    for server in ["Cassandra", "PostgreSQL"] {
        assert!(report["servers"][server].as_str().unwrap().contains('.'), "{report}");
    }
    let left_out = report["left_out"].as_array().unwrap();
    assert!(left_out.len() == 1 && left_out[0].as_str().unwrap().starts_with("peers"), "{report}");
    assert!(page.contains("did not measure: cassandra/execute/1, "), "{page}");
}

#[test]
fn the_pipeline_benchmark_works() {
    let folder = tempfile::tempdir().unwrap();
    let json = folder.path().join("pipeline.json");
    let mut bench = Command::new(env!("CARGO_BIN_EXE_pipeline"));
    bench.args(["--quick", "--rounds", "1"]).args(servers());
    let output = bench.arg("--json").arg(&json).output().unwrap();
    let (said, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    let report: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(json).unwrap()).unwrap();
    let cases = report["sections"][0]["cases"].as_array().unwrap();
    assert_eq!(cases.len(), 3, "{report}");
    for case in cases {
        assert!(said.contains(case["label"].as_str().unwrap()), "{said}");
        assert!(case["ns_per_command"]["median"].as_f64().unwrap() > 0.0, "{case}");
    }
    let legs = report["latencies_ms"].as_array().unwrap();
    assert_eq!(legs.len(), 6, "{report}");
    for leg in legs {
        assert!(said.contains(leg["name"].as_str().unwrap()), "{said}");
        assert!(leg["commits"].as_u64().unwrap() > 0 && leg["max"].as_f64().unwrap() >= 0.0, "{leg}");
    }
}
