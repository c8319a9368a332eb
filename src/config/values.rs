//! What was given, checked setting by setting.

use std::{
    collections::BTreeMap,
    ffi::OsString,
    fmt,
    path::{Path, PathBuf},
    time::Duration,
};

use toml::de::{DeTable, DeValue};

use super::{
    ConfigError, Origin,
    keys::{self, KEYS, Key, Kind, PREFIX},
    value::Value,
};

#[derive(Clone, Default)]
pub(super) struct Values(BTreeMap<&'static str, Value>);

impl Values {
    /// Takes a file's settings.
    pub(super) fn take_file(&mut self, text: &str, file: Option<&Path>) -> Result<(), ConfigError> {
        let file = File { text, name: file.map(Path::to_owned) };
        let table = DeTable::parse(text).map_err(|error| ConfigError::Syntax {
            origin: file.origin(error.span().map_or(0, |span| span.start)),
            // Not the error itself, which shows the line, and with it what may be a secret.
            reason: error.message().to_owned(),
        })?;
        self.take_table(&file, "", table.get_ref())
    }

    fn take_table(&mut self, file: &File<'_>, above: &str, table: &DeTable<'_>) -> Result<(), ConfigError> {
        for (name, value) in table {
            let path = match above {
                "" => name.get_ref().to_string(),
                above => format!("{above}.{}", name.get_ref()),
            };
            let origin = file.origin(name.span().start);
            let found = keys::find(&path);
            let takes_names = |key: &Key| matches!(key.kind, Kind::Replicas | Kind::Options);
            match (value.get_ref(), found) {
                (DeValue::Table(table), Some((key, _))) if takes_names(key) => {
                    self.take_table(file, &path, table)?;
                }
                (DeValue::Table(table), None) if keys::is_section(&path) => {
                    self.take_table(file, &path, table)?;
                }
                (value, Some((key, None))) => {
                    let value = key.kind.read_toml(value).ok_or_else(|| bad_value(key, key.name, origin))?;
                    self.0.insert(key.name, value);
                }
                (value, Some((key, Some(name)))) => {
                    let value = key.kind.entry_toml(value).ok_or_else(|| bad_value(key, &path, origin))?;
                    self.insert_named(key, name.to_owned(), value);
                }
                (_, None) => return Err(unknown(path, origin)),
            }
        }
        Ok(())
    }

    /// Takes those of the variables that are settings.
    pub(super) fn take_environment(
        &mut self,
        variables: impl IntoIterator<Item = (OsString, OsString)>,
    ) -> Result<(), ConfigError> {
        for (variable, text) in variables {
            // One that is no text is nobody's setting.
            let Ok(variable) = variable.into_string() else { continue };
            if !variable.starts_with(PREFIX) {
                continue;
            }
            let Ok(text) = text.into_string() else { return Err(ConfigError::NotText { variable }) };
            let path = path_of(&variable).ok_or_else(|| ConfigError::UnknownVariable {
                remedy: keys::instead_of_variable(&variable),
                variable: variable.clone(),
            })?;
            self.set(&path, &text, Origin::Variable(variable))?;
        }
        Ok(())
    }

    /// Takes one setting from text.
    pub(super) fn set(&mut self, path: &str, text: &str, origin: Origin) -> Result<(), ConfigError> {
        let Some((key, name)) = keys::find(path) else { return Err(unknown(path.to_owned(), origin)) };
        match name {
            None => {
                let value = key.kind.read(text).ok_or_else(|| bad_value(key, path, origin))?;
                self.0.insert(key.name, value);
            }
            Some(name) => {
                let value = key.kind.entry(text).ok_or_else(|| bad_value(key, path, origin))?;
                self.insert_named(key, name.to_owned(), value);
            }
        }
        Ok(())
    }

    fn insert_named(&mut self, key: &'static Key, name: String, value: String) {
        let named = self.0.entry(key.name).or_insert_with(|| Value::Named(BTreeMap::new()));
        if let Value::Named(named) = named {
            named.insert(name, value);
        }
    }

    /// What was given, or else what holds without it.
    fn get(&self, name: &'static str) -> Option<Value> {
        let key = keys::find(name).map(|(key, _)| key);
        debug_assert!(key.is_some(), "{name} is not among the keys");
        self.0.get(name).cloned().or_else(|| key.and_then(|key| key.kind.read(key.default?)))
    }

    pub(super) fn is_given(&self, name: &str) -> bool {
        self.0.contains_key(name)
    }

    /// The first setting of this section that was given.
    pub(super) fn given_under(&self, section: &str) -> Option<&'static str> {
        let is_under =
            |name: &&&'static str| name.strip_prefix(section).is_some_and(|rest| rest.starts_with('.'));
        self.0.keys().find(is_under).copied()
    }

    /// The value as text, as a variable would have it; of one with names of its own, also that of one name.
    pub(super) fn shown(&self, path: &str) -> Option<String> {
        let (key, name) = keys::find(path)?;
        match (self.get(key.name)?, name) {
            (Value::Named(named), Some(name)) => named.get(name).cloned(),
            (value, _) => Some(value.to_string()),
        }
    }

    pub(super) fn text(&self, name: &'static str) -> Option<String> {
        if let Value::Text(text) = self.get(name)? { Some(text) } else { None }
    }

    pub(super) fn count(&self, name: &'static str) -> Option<u64> {
        if let Value::Count(count) = self.get(name)? { Some(count) } else { None }
    }

    pub(super) fn duration(&self, name: &'static str) -> Option<Duration> {
        if let Value::Duration(time) = self.get(name)? { Some(time) } else { None }
    }

    #[cfg(any(feature = "cassandra", feature = "kafka"))]
    pub(super) fn list(&self, name: &'static str) -> Option<Vec<String>> {
        if let Value::List(texts) = self.get(name)? { Some(texts) } else { None }
    }

    #[cfg(any(feature = "cassandra", feature = "kafka"))]
    pub(super) fn named(&self, name: &'static str) -> Option<BTreeMap<String, String>> {
        if let Value::Named(named) = self.get(name)? { Some(named) } else { None }
    }
}

/// That a setting has to be given.
pub(super) fn missing(name: &'static str) -> ConfigError {
    let key = keys::find(name).map(|(key, _)| key);
    ConfigError::Missing {
        key: name,
        expected: key.map(|key| key.kind.expected()).unwrap_or_default(),
        variable: key.map(Key::variable).unwrap_or_default(),
    }
}

fn unknown(key: String, origin: Origin) -> ConfigError {
    ConfigError::UnknownKey { remedy: keys::instead_of(&key), key, origin }
}

fn bad_value(key: &Key, path: &str, origin: Origin) -> ConfigError {
    let expected = match key.kind {
        Kind::Options if path != key.name => "a text, a whole number, true or false".to_owned(),
        Kind::Replicas if path != key.name => "a whole number from 1 to 255".to_owned(),
        kind => kind.expected(),
    };
    ConfigError::BadValue { key: path.to_owned(), origin, expected }
}

/// The setting that a variable stands for. An option of Kafka's client has dots where the variable has `_`.
fn path_of(variable: &str) -> Option<String> {
    KEYS.iter().find_map(|key| {
        let rest = variable.strip_prefix(&key.variable())?;
        if rest.is_empty() {
            return Some(key.name.to_owned());
        }
        let option = rest.strip_prefix("__").filter(|_| matches!(key.kind, Kind::Options))?;
        (!option.is_empty()).then(|| format!("{}.{}", key.name, option.to_lowercase().replace('_', ".")))
    })
}

struct File<'a> {
    text: &'a str,
    name: Option<PathBuf>,
}

impl File<'_> {
    fn origin(&self, at: usize) -> Origin {
        let before = self.text.as_bytes().iter().take(at);
        let line = before.filter(|byte| **byte == b'\n').count() + 1;
        Origin::Line { file: self.name.clone(), line }
    }
}

impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_secret = |name: &str| keys::find(name).is_none_or(|(key, _)| key.is_secret);
        let mut map = f.debug_map();
        for (name, value) in &self.0 {
            match value {
                _ if !is_secret(name) => map.entry(name, value),
                Value::Named(named) => map.entry(name, &named.keys().collect::<Vec<_>>()),
                _ => map.entry(name, &"(secret)"),
            };
        }
        map.finish()
    }
}
