//! What is given later wins.

use event_sourcing::config::Config;

use super::environment;

/// One setting of each kind, as a file, as a variable and as `set` give it, and how `Debug` shows them.
const SETTINGS: &[(&str, [&str; 2], [&str; 2])] = &[
    ("store.kind", ["\"sqlite\"", "memory"], ["Text(\"sqlite\")", "Text(\"memory\")"]),
    ("app.codec", ["\"bincode\"", "json"], ["Text(\"bincode\")", "Text(\"json\")"]),
    ("app.cached_aggregates", ["7", "8"], ["Count(7)", "Count(8)"]),
    ("app.read_patience", ["\"1s\"", "500ms"], ["Duration(1s)", "Duration(500ms)"]),
    ("store.cassandra.hosts", ["[\"a\"]", "b,c"], ["List([\"a\"])", "List([\"b\", \"c\"])"]),
    ("feed.kafka.brokers", ["\"a,b\"", "c"], ["List([\"a\", \"b\"])", "List([\"c\"])"]),
    (
        "store.cassandra.create.datacenters",
        ["{ dc1 = 1 }", "dc2=2,dc3=3"],
        ["Named({\"dc1\": \"1\"})", "Named({\"dc2\": \"2\", \"dc3\": \"3\"})"],
    ),
    ("views.postgres.schema", ["\"\"", "a=b, c"], ["Text(\"\")", "Text(\"a=b, c\")"]),
];

#[test]
fn the_environment_wins_over_a_file_and_what_is_set_over_both() {
    for (key, [in_file, elsewhere], [first, then]) in SETTINGS {
        let shows = |config: &Config, value: &str| {
            let shown = format!("{config:?}");
            assert!(shown.contains(&format!("\"{key}\": {value}")), "{key}: {shown}");
        };
        let file = Config::from_text(&format!("{key} = {in_file}")).unwrap();
        shows(&file, first);
        let variable = format!("EVENT_SOURCING__{}", key.replace('.', "__").to_uppercase());
        let over = file.clone().with_environment(environment([(&variable, elsewhere)])).unwrap();
        shows(&over, then);
        let mut set = file;
        set.set(key, elsewhere).unwrap();
        shows(&set, then);
    }
}

#[test]
fn an_option_of_the_client_is_set_alone() {
    let file = "[feed.kafka.options]\n\"security.protocol\" = \"SSL\"\nfetch.wait.max.ms = 5";
    let variable = ("EVENT_SOURCING__FEED__KAFKA__OPTIONS__SASL_PASSWORD", "hunter2");
    let mut config = Config::from_text(file).unwrap().with_environment(environment([variable])).unwrap();
    config.set("feed.kafka.options.enable.ssl", "true").unwrap();
    let names = "[\"enable.ssl\", \"fetch.wait.max.ms\", \"sasl.password\", \"security.protocol\"]";
    assert!(format!("{config:?}").contains(names), "{config:?}");
}

#[test]
fn other_variables_are_nobodys_business() {
    let others = [("EVENT_SOURCING_HOME", "x"), ("event_sourcing__store__kind", "x"), ("PATH", "x")];
    let config = Config::new().with_environment(environment(others)).unwrap();
    assert_eq!(format!("{config:?}"), format!("{:?}", Config::new()));
}

#[test]
fn every_setting_has_a_variable() {
    let table = event_sourcing::config::reference();
    let names: Vec<_> = table.lines().skip(2).filter_map(|line| line.split('`').nth(1)).collect();
    assert!(names.len() > 30, "{names:?}");
    for name in names {
        let variable = format!("EVENT_SOURCING__{}", name.replace('.', "__").to_uppercase());
        // A value that is right for some, and else an error that names the setting.
        let result = Config::new().with_environment(environment([(&variable, "x")]));
        let told = result.map_or_else(|error| error.to_string(), |config| format!("{config:?}"));
        assert!(told.contains(name), "{told}");
    }
}
