//! Every setting there is.

/// Begins the name of each variable.
pub(super) const PREFIX: &str = "EVENT_SOURCING__";

/// A setting.
pub(super) struct Key {
    /// Its sections and its name, with dots between them.
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    /// What holds without it, if that is a value.
    pub(super) default: Option<&'static str>,
    /// Shown to nobody.
    pub(super) is_secret: bool,
    pub(super) about: &'static str,
}

/// What a setting's value is.
#[derive(Clone, Copy)]
pub(super) enum Kind {
    Text,
    /// One of these.
    Choice(&'static [&'static str]),
    /// A whole number from 1 up to this one.
    Count(u64),
    /// A time.
    Duration,
    /// A time that passes.
    Interval,
    /// Texts.
    List,
    /// Names, each with a number.
    Replicas,
    /// Names, each with a text.
    Options,
}

pub(super) const KEYS: &[Key] = &[
    choice("app.codec", &["bincode", "json"], "How new events are encoded; what is stored stays readable.")
        .or("bincode"),
    count("app.cached_aggregates", u32::MAX as u64, "Aggregates of each type that are kept in memory.")
        .or("100000"),
    key("app.read_patience", Kind::Duration, "How long a query waits for its views to show a commit.")
        .or("10s"),
    key(
        "app.verify_every",
        Kind::Interval,
        "How often views are compared with the event store; `5m` unless the feed is complete, as SQLite's is.",
    ),
    count(
        "app.conflicts.attempts",
        u32::MAX as u64,
        "Appends of a command that may be refused for another process's.",
    )
    .or("32"),
    key("app.conflicts.first_pause", Kind::Duration, "The longest pause before the second append; doubles.")
        .or("1ms"),
    key("app.conflicts.longest_pause", Kind::Duration, "No pause is longer.").or("50ms"),
    choice("store.kind", &["sqlite", "cassandra", "memory"], "Where events are kept. Required."),
    text("store.sqlite.file", "The database file; made if it is missing."),
    key("store.cassandra.hosts", Kind::List, "Addresses of some nodes, `\"10.0.0.1:9042\"`."),
    text("store.cassandra.keyspace", "The keyspace of the events."),
    key("store.cassandra.categories", Kind::List, "Categories whose tables are checked at the start."),
    count("store.cassandra.create.replicas", 255, "Makes what is missing, with so many replicas of a row."),
    key(
        "store.cassandra.create.datacenters",
        Kind::Replicas,
        "Makes what is missing, with so many replicas in each datacenter.",
    ),
    text("store.cassandra.user", "Who logs in."),
    text("store.cassandra.password", "The user's password.").secret(),
    text("store.cassandra.tls_ca", "Encrypts connections; a PEM file with the authority to trust."),
    count(
        "store.cassandra.bucket_size",
        u64::MAX >> 1,
        "Events in a partition, for a store that is made now.",
    ),
    key("store.cassandra.request_timeout", Kind::Interval, "How long one request may take.").or("2s"),
    key("store.cassandra.settle_within", Kind::Interval, "How long to find out what became of a write.")
        .or("10s"),
    choice(
        "feed.kind",
        &["store", "kafka"],
        "What brings commits to views: the store itself, or Debezium and Kafka.",
    )
    .or("store"),
    key("feed.kafka.brokers", Kind::List, "Addresses of some brokers, `\"10.0.0.2:9092\"`."),
    text("feed.kafka.topic_prefix", "The connector's `topic.prefix`.").or("es"),
    text("feed.kafka.group_prefix", "Begins the names of consumer groups; the keyspace unless set."),
    key("feed.kafka.options", Kind::Options, "Options of the client, such as `security.protocol`.").secret(),
    choice(
        "feed.kafka.fast_path",
        &["off", "aggregate-id", "connect-key"],
        "Whether commits are also sent to Kafka directly, and by what the connector chooses partitions.",
    )
    .or("off"),
    choice(
        "views.kind",
        &["sqlite", "postgres", "cassandra", "memory"],
        "Where views are kept. Required as soon as there is a projection.",
    ),
    text("views.sqlite.file", "The database file; the store's own unless set."),
    text("views.postgres.url", "`postgres://user:password@host:port/database`.").secret(),
    text(
        "views.postgres.schema",
        "The schema of the tables, made if it is missing; the role's own unless set.",
    ),
    text("views.cassandra.keyspace", "The keyspace of the views, on the store's cluster."),
];

impl Key {
    /// The variable that sets it.
    pub(super) fn variable(&self) -> String {
        format!("{PREFIX}{}", self.name.replace('.', "__").to_uppercase())
    }

    const fn or(self, default: &'static str) -> Self {
        Self { default: Some(default), ..self }
    }

    const fn secret(self) -> Self {
        Self { is_secret: true, ..self }
    }
}

const fn key(name: &'static str, kind: Kind, about: &'static str) -> Key {
    Key { name, kind, default: None, is_secret: false, about }
}

const fn text(name: &'static str, about: &'static str) -> Key {
    key(name, Kind::Text, about)
}

const fn choice(name: &'static str, of: &'static [&'static str], about: &'static str) -> Key {
    key(name, Kind::Choice(of), about)
}

const fn count(name: &'static str, most: u64, about: &'static str) -> Key {
    key(name, Kind::Count(most), about)
}

/// The setting that `path` is; for one with names of its own under it, with the name.
pub(super) fn find(path: &str) -> Option<(&'static Key, Option<&str>)> {
    KEYS.iter().find_map(|key| {
        let rest = path.strip_prefix(key.name)?;
        if rest.is_empty() {
            return Some((key, None));
        }
        let takes_names = matches!(key.kind, Kind::Replicas | Kind::Options);
        rest.strip_prefix('.').filter(|name| takes_names && !name.is_empty()).map(|name| (key, Some(name)))
    })
}

/// Whether there are settings under it.
pub(super) fn is_section(path: &str) -> bool {
    KEYS.iter().any(|key| key.name.strip_prefix(path).is_some_and(|rest| rest.starts_with('.')))
}

/// What to write instead of `path`, which is no setting.
pub(super) fn instead_of(path: &str) -> String {
    if is_section(path) {
        return format!("it is a section, with {}", children(path));
    }
    if let Some(nearest) = nearest(path, KEYS.iter().map(|key| key.name.to_owned())) {
        return format!("did you mean `{nearest}`?");
    }
    let mut parent = path;
    while let Some((shorter, _)) = parent.rsplit_once('.') {
        if is_section(shorter) {
            return format!("`{shorter}` has {}", children(shorter));
        }
        parent = shorter;
    }
    format!("there are the sections {}", children(""))
}

/// What to set instead of `variable`.
pub(super) fn instead_of_variable(variable: &str) -> String {
    match nearest(variable, KEYS.iter().map(Key::variable)) {
        Some(nearest) => format!("did you mean {nearest}?"),
        None => format!("names are like {}", KEYS[0].variable()),
    }
}

/// All settings as a table in Markdown: for a page, or for a program's help.
///
/// ```
/// let table = event_sourcing::config::reference();
/// assert!(table.contains("| `store.kind` | `sqlite`, `cassandra` or `memory` |"));
/// ```
pub fn reference() -> String {
    let mut table = String::from("| setting | value | without it | what it is |\n|---|---|---|---|\n");
    for key in KEYS {
        let default = key.default.map(|default| format!("`{default}`")).unwrap_or_default();
        let secret = if key.is_secret { " Never shown." } else { "" };
        table +=
            &format!("| `{}` | {} | {default} | {}{secret} |\n", key.name, key.kind.expected(), key.about);
    }
    table
}

fn nearest(wrong: &str, names: impl Iterator<Item = String>) -> Option<String> {
    let (distance, name) = names.map(|name| (strsim::damerau_levenshtein(wrong, &name), name)).min()?;
    // Further apart, it would be a riddle instead of a help.
    (distance * 4 <= name.len()).then_some(name)
}

fn children(section: &str) -> String {
    let mut names: Vec<&str> = Vec::new();
    for key in KEYS {
        let rest = match section {
            "" => Some(key.name),
            section => key.name.strip_prefix(section).and_then(|rest| rest.strip_prefix('.')),
        };
        let name = rest.and_then(|rest| rest.split('.').next());
        names.extend(name.filter(|name| names.last() != Some(name)));
    }
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}
