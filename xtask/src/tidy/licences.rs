//! The licences of what we build on. A small form of what `cargo deny check licenses` does with the same
//! file, for machines that have no cargo-deny.

use serde_json::Value;
use std::{collections::HashSet, path::Path, process::Command};

use super::{File, Finding, line_of};
use crate::run::cargo;

const POLICY: &str = "deny.toml";

/// Every dependency is under licences that the policy allows.
pub(crate) fn dependencies(root: &Path, files: &[File]) -> Result<Vec<Finding>, String> {
    let policy = files
        .iter()
        .find(|f| f.path == POLICY)
        .ok_or("there is no deny.toml, which lists the licences allowed")?;
    let metadata = Command::new(cargo())
        .args(["metadata", "--format-version", "1", "--all-features", "--locked"])
        .current_dir(root)
        .output()
        .map_err(|error| format!("cargo metadata did not start: {error}"))?;
    if !metadata.status.success() {
        return Err(format!("cargo metadata: {}", String::from_utf8_lossy(&metadata.stderr).trim()));
    }
    let metadata = serde_json::from_slice(&metadata.stdout).map_err(|e| format!("cargo metadata: {e}"))?;
    judge(&policy.text, &metadata)
}

/// Both licence texts are there.
pub(crate) fn texts_exist(files: &[File]) -> Vec<Finding> {
    let missing =
        ["LICENSE-MIT", "LICENSE-APACHE"].into_iter().filter(|name| !files.iter().any(|f| f.path == *name));
    missing
        .map(|name| Finding::new(name, 1, "the licence's text is missing", "add it: manifests promise it"))
        .collect()
}

fn judge(policy: &str, metadata: &Value) -> Result<Vec<Finding>, String> {
    let table: toml::Table = policy.parse().map_err(|error| format!("{POLICY}: {error}"))?;
    let allow = table.get("licenses").and_then(|l| l.get("allow")?.as_array());
    let allow = allow.ok_or_else(|| format!("{POLICY}: `[licenses] allow` is missing"))?;
    let allow: HashSet<&str> = allow.iter().filter_map(toml::Value::as_str).collect();
    let packages = metadata["packages"].as_array().ok_or("cargo metadata lists no packages")?;
    let mut findings = Vec::new();
    for package in packages {
        let name = format!(
            "{} {}",
            package["name"].as_str().unwrap_or("?"),
            package["version"].as_str().unwrap_or("?")
        );
        let message = match package["license"].as_str() {
            None => format!("`{name}` states no licence"),
            Some(expression) => match allowed(expression, &allow) {
                Some(true) => continue,
                Some(false) => format!("`{name}` is under `{expression}`"),
                None => format!("`{name}` has the licence `{expression}`, which cannot be read"),
            },
        };
        let remedy = "leave it out, or add its licence to `[licenses] allow` if it may stay";
        findings.push(Finding::new(POLICY, line_of(policy, "allow ="), message, remedy));
    }
    Ok(findings)
}

/// Whether an SPDX expression can be fulfilled with the licences in `allow`. `None` if it is not one.
fn allowed(expression: &str, allow: &HashSet<&str>) -> Option<bool> {
    // The slash is how old manifests say OR.
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words = spaced.split_whitespace().peekable();
    let verdict = alternatives(&mut words, allow)?;
    words.next().is_none().then_some(verdict)
}

type Words<'a, 'b> = &'a mut std::iter::Peekable<std::str::SplitWhitespace<'b>>;

fn alternatives(words: Words<'_, '_>, allow: &HashSet<&str>) -> Option<bool> {
    let mut verdict = conjunction(words, allow)?;
    while words.next_if_eq(&"OR").is_some() {
        verdict |= conjunction(words, allow)?;
    }
    Some(verdict)
}

fn conjunction(words: Words<'_, '_>, allow: &HashSet<&str>) -> Option<bool> {
    let mut verdict = licence(words, allow)?;
    while words.next_if_eq(&"AND").is_some() {
        verdict &= licence(words, allow)?;
    }
    Some(verdict)
}

fn licence(words: Words<'_, '_>, allow: &HashSet<&str>) -> Option<bool> {
    match words.next()? {
        "(" => {
            let verdict = alternatives(words, allow)?;
            words.next_if_eq(&")").map(|_| verdict)
        }
        ")" | "AND" | "OR" | "WITH" => None,
        name if words.next_if_eq(&"WITH").is_some() => {
            let exception = words.next()?;
            Some(allow.contains(format!("{name} WITH {exception}").as_str()))
        }
        name => Some(allow.contains(name)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn expressions() {
        let allow = HashSet::from(["MIT", "Unicode-3.0", "Apache-2.0 WITH LLVM-exception"]);
        let verdicts = [
            ("MIT", Some(true)),
            ("Apache-2.0", Some(false)),
            ("Apache-2.0/MIT", Some(true)),
            ("(Apache-2.0 OR MIT) AND Unicode-3.0", Some(true)),
            ("(Apache-2.0 OR MIT) AND GPL-3.0", Some(false)),
            ("GPL-3.0 OR MIT AND Unicode-3.0", Some(true)),
            ("Apache-2.0 WITH LLVM-exception OR GPL-3.0", Some(true)),
            ("GPL-2.0 WITH Classpath-exception-2.0", Some(false)),
            ("(MIT", None),
            ("MIT Apache-2.0", None),
            ("MIT OR", None),
            ("", None),
        ];
        for (expression, verdict) in verdicts {
            assert_eq!(allowed(expression, &allow), verdict, "{expression}");
        }
    }

    #[test]
    fn a_dependency_under_another_licence() {
        let metadata = serde_json::json!({ "packages": [
            { "name": "a", "version": "1.0.0", "license": "MIT" },
            { "name": "b", "version": "2.0.0", "license": "GPL-3.0" },
            { "name": "c", "version": "3.0.0", "license": null },
        ]});
        let findings = judge("[licenses]\nallow = [\"MIT\"]", &metadata).unwrap();
        let messages: Vec<_> = findings.iter().map(|f| f.message.as_str()).collect();
        assert_eq!(messages, ["`b 2.0.0` is under `GPL-3.0`", "`c 3.0.0` states no licence"]);
        assert!(judge("[licenses]", &metadata).is_err(), "a policy that allows nothing by accident");
    }

    #[test]
    fn missing_texts() {
        assert_eq!(places(texts_exist, &[("LICENSE-MIT", "")]), ["LICENSE-APACHE:1"]);
    }
}
