//! What cannot be used is named, and what to write instead.

use event_sourcing::config::{Config, ConfigError};

use super::environment;

fn refused(text: &str) -> String {
    match Config::from_text(text) {
        Ok(config) => config.check().unwrap_err().to_string(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn names_that_there_are_not() {
    for (text, message) in [
        ("\n[store]\nknd = 1", "line 3: there is no setting `store.knd`: did you mean `store.kind`?"),
        (
            "[store.casandra]\nhosts = [\"a\"]",
            "line 1: there is no setting `store.casandra`: `store` has `kind`, `sqlite`, `cassandra`",
        ),
        (
            "[app.conflicts]\nfrist_pause = \"1s\"",
            "line 2: there is no setting `app.conflicts.frist_pause`: did you mean `app.conflicts.first_pause`?",
        ),
        (
            "colour = 1",
            "line 1: there is no setting `colour`: there are the sections `app`, `store`, `feed`, `views`",
        ),
        (
            "store = \"sqlite\"",
            "line 1: there is no setting `store`: it is a section, with `kind`, `sqlite`, `cassandra`",
        ),
        ("store.kind.name = \"sqlite\"", "line 1: `store.kind` has to be `sqlite`, `cassandra` or `memory`"),
        (
            "[[store]]\nkind = \"sqlite\"",
            "line 1: there is no setting `store`: it is a section, with `kind`, `sqlite`, `cassandra`",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

#[test]
fn values_of_the_wrong_type() {
    for (text, message) in [
        ("store.kind = \"mysql\"", "`store.kind` has to be `sqlite`, `cassandra` or `memory`"),
        ("store.kind = 5", "`store.kind` has to be `sqlite`, `cassandra` or `memory`"),
        ("store.sqlite.file = true", "`store.sqlite.file` has to be a text"),
        ("app.cached_aggregates = 0", "`app.cached_aggregates` has to be a whole number of at least 1"),
        ("app.cached_aggregates = \"5\"", "`app.cached_aggregates` has to be a whole number of at least 1"),
        (
            "store.cassandra.create.replicas = 256",
            "`store.cassandra.create.replicas` has to be a whole number from 1 to 255",
        ),
        ("app.read_patience = 10", "`app.read_patience` has to be a time, such as \"10s\" or \"500ms\""),
        (
            "app.verify_every = \"0s\"",
            "`app.verify_every` has to be a time above zero, such as \"10s\" or \"500ms\"",
        ),
        (
            "store.cassandra.hosts = [\"a\", 5]",
            "`store.cassandra.hosts` has to be texts, such as [\"a\", \"b\"] or \"a,b\"",
        ),
        (
            "store.cassandra.create.datacenters = { dc1 = 0 }",
            "`store.cassandra.create.datacenters.dc1` has to be a whole number from 1 to 255",
        ),
        (
            "feed.kafka.options.a = [1]",
            "`feed.kafka.options.a` has to be a text, a whole number, true or false",
        ),
        ("feed.kafka.options = 1", "`feed.kafka.options` has to be a section of options, each with a value"),
    ] {
        assert_eq!(refused(text), format!("line 1: {message}"));
    }
}

#[test]
fn variables_that_stand_for_nothing_or_have_a_wrong_value() {
    for (variable, value, message) in [
        (
            "EVENT_SOURCING__STORE__CASSANDRA__PASWORD",
            "hunter2",
            "the variable EVENT_SOURCING__STORE__CASSANDRA__PASWORD stands for no setting: \
             did you mean EVENT_SOURCING__STORE__CASSANDRA__PASSWORD?",
        ),
        (
            "EVENT_SOURCING__",
            "1",
            "the variable EVENT_SOURCING__ stands for no setting: names are like EVENT_SOURCING__APP__CODEC",
        ),
        (
            "EVENT_SOURCING__APP__CACHED_AGGREGATES",
            "many",
            "the variable EVENT_SOURCING__APP__CACHED_AGGREGATES: `app.cached_aggregates` has to be \
             a whole number of at least 1",
        ),
        (
            "EVENT_SOURCING__FEED__KAFKA__OPTIONS",
            "a=b",
            "the variable EVENT_SOURCING__FEED__KAFKA__OPTIONS: `feed.kafka.options` has to be \
             a section of options, each with a value",
        ),
    ] {
        let error = Config::new().with_environment(environment([(variable, value)])).unwrap_err();
        assert_eq!(error.to_string(), message);
    }
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text() {
    use std::os::unix::ffi::OsStringExt;
    let bytes = std::ffi::OsString::from_vec(vec![0xff]);
    let refused = Config::new().with_environment([("EVENT_SOURCING__STORE__KIND".into(), bytes.clone())]);
    let message = "the variable EVENT_SOURCING__STORE__KIND is not UTF-8: set it to text";
    assert_eq!(refused.unwrap_err().to_string(), message);
    // Others may be what they like.
    Config::new().with_environment([(bytes.clone(), bytes)]).unwrap();
}

#[test]
fn a_file_is_named_and_what_is_no_toml_shows_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("event-sourcing.toml");
    std::fs::write(&file, "[store.cassandra]\npassword = hunter2").unwrap();
    let error = Config::from_file(&file).unwrap_err();
    assert!(matches!(error, ConfigError::Syntax { .. }));
    let shown = format!("{error} {error:?}");
    assert!(shown.starts_with(&format!("{}, line 2: this is not valid TOML: ", file.display())), "{shown}");
    assert!(!shown.contains("hunter2"), "{shown}");
    let error = Config::from_file(folder.path().join("none.toml")).unwrap_err();
    assert!(matches!(error, ConfigError::Unreadable { .. }) && error.to_string().contains("none.toml"));
}

#[test]
fn secrets_of_the_wrong_type_are_not_shown() {
    for text in [
        "store.cassandra.password = 8271",
        "views.postgres.url = [\"8271\"]",
        "feed.kafka.options.\"sasl.password\" = { a = 8271.5 }",
    ] {
        let error = Config::from_text(text).unwrap_err();
        assert!(!format!("{error} {error:?}").contains("8271"), "{error:?}");
    }
    let text =
        "store.cassandra.password = \"8271\"\nviews.postgres.url = \"8271\"\nfeed.kafka.options.a = 8271";
    let config = Config::from_text(text).unwrap();
    assert!(!format!("{config:?}").contains("8271"), "{config:?}");
}

#[test]
fn what_is_missing() {
    for (text, message) in [
        (
            "",
            "`store.kind` is missing: set it to `sqlite`, `cassandra` or `memory`, in the configuration or by \
             the variable EVENT_SOURCING__STORE__KIND",
        ),
        (
            "store.kind = \"sqlite\"",
            "`store.sqlite.file` is missing: set it to a text, in the configuration or by the variable \
             EVENT_SOURCING__STORE__SQLITE__FILE",
        ),
        (
            "store.kind = \"memory\"\nviews.kind = \"sqlite\"",
            "`views.sqlite.file` is missing: set it to a text, in the configuration or by the variable \
             EVENT_SOURCING__VIEWS__SQLITE__FILE",
        ),
        (
            "store.kind = \"memory\"\nfeed.kind = \"kafka\"",
            "`feed.kind`: `kafka` brings what is stored in Cassandra: set `store.kind` to `cassandra`",
        ),
        (
            "store.kind = \"memory\"\nviews.kind = \"cassandra\"",
            "`views.kind`: `cassandra` is the cluster of the event store: set `store.kind` to `cassandra` too",
        ),
    ] {
        assert_eq!(refused(text), message);
    }
}

#[cfg(feature = "pipeline")]
#[test]
fn what_a_cluster_needs() {
    for (text, message) in [
        ("store.cassandra.user = \"u\"", "`store.cassandra.password` is missing: "),
        ("store.cassandra.password = \"8271\"", "`store.cassandra.user` is missing: "),
        ("feed.kind = \"kafka\"", "`feed.kafka.brokers` is missing: "),
        (
            "feed.kafka = { brokers = \"b:1\", fast_path = \"aggregate-id\" }",
            "`feed.kind`: `feed.kafka.brokers` is set, and commits come from the store itself: set it to `kafka`",
        ),
        ("views.kind = \"postgres\"", "`views.postgres.url` is missing: "),
        ("views.kind = \"cassandra\"", "`views.cassandra.keyspace` is missing: "),
        (
            "store.cassandra.create = { replicas = 1, datacenters.dc1 = 1 }",
            "`store.cassandra.create`: give either `replicas`, for one datacenter, or `datacenters`",
        ),
        (
            "feed = { kind = \"kafka\", kafka = { brokers = \"b:1\", options.\"sasl.pasword\" = \"8271\" } }",
            "`feed.kafka.options.sasl.pasword`: No such configuration property",
        ),
        (
            "feed = { kind = \"kafka\", kafka = { brokers = \"b:1\", options.\"group.id\" = \"8271\" } }",
            "`feed.kafka.options.group.id`: it is the feed's own: leave it out",
        ),
    ] {
        let mut config = Config::from_text(text).unwrap();
        config.set("store.kind", "cassandra").unwrap();
        config.set("store.cassandra.hosts", "a:1").unwrap();
        config.set("store.cassandra.keyspace", "bank").unwrap();
        let error = config.check().unwrap_err();
        assert!(error.to_string().starts_with(message), "{error}");
        assert!(!format!("{error} {error:?}").contains("8271"), "{error:?}");
    }
}

#[cfg(feature = "cassandra-rustls")]
#[test]
fn an_authority_that_cannot_be_read() {
    let mut config = Config::from_text("store.cassandra.tls_ca = \"no-such.pem\"").unwrap();
    config.set("store.kind", "cassandra").unwrap();
    config.set("store.cassandra.hosts", "a:1").unwrap();
    config.set("store.cassandra.keyspace", "bank").unwrap();
    let error = config.check().unwrap_err().to_string();
    assert!(
        error.starts_with("`store.cassandra.tls_ca`: no-such.pem cannot be read as a PEM file"),
        "{error}"
    );
}

#[test]
fn features_that_were_not_compiled_in() {
    for (text, key, feature, is_in) in [
        (
            "store.kind = \"cassandra\"",
            "store.kind = \"cassandra\"",
            "cassandra",
            cfg!(feature = "cassandra"),
        ),
        (
            "store.kind = \"memory\"\nviews.kind = \"postgres\"",
            "views.kind = \"postgres\"",
            "postgres",
            cfg!(feature = "postgres"),
        ),
    ] {
        let error = Config::from_text(text).unwrap().check().unwrap_err();
        assert_eq!(matches!(error, ConfigError::FeatureMissing { .. }), !is_in, "{error}");
        if !is_in {
            let message = format!(
                "`{key}` needs the feature `{feature}`, which this program was built without: \
                 add it to those of event-sourcing-rs in Cargo.toml"
            );
            assert_eq!(error.to_string(), message);
        }
    }
}
