//! Who may know whom.

use toml::{Table, Value};

use super::{File, Finding, line_of};

const DRIVERS: &[&str] = &["sqlx", "scylla", "rdkafka", "rusqlite"];
const BACKENDS: &[&str] = &["es-sql", "es-cassandra", "es-kafka"];
const CORE: &str = "es-core";

/// es-core names no driver, in its sources or its manifest.
pub(crate) fn core_names_no_driver(files: &[File]) -> Vec<Finding> {
    names_no_driver(files, "es-core", "put what needs it into a backend crate, behind a trait of es-core")
}

/// Driver types stay out of the facade.
pub(crate) fn facade_names_no_driver(files: &[File]) -> Vec<Finding> {
    names_no_driver(files, "", "let the backend crate offer a doorway of its own for it")
}

fn names_no_driver(files: &[File], package: &str, remedy: &str) -> Vec<Finding> {
    let within = |path: &str| if package.is_empty() { path.to_owned() } else { format!("{package}/{path}") };
    let (sources, manifest) = (within("src"), within("Cargo.toml"));
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.below(&sources)) {
        for token in file.tokens().iter().filter(|t| DRIVERS.contains(&t.text.as_str())) {
            findings.push(Finding::new(
                &file.path,
                token.line,
                format!("names the driver `{}`", token.text),
                remedy,
            ));
        }
    }
    for file in files.iter().filter(|f| f.path == manifest) {
        for name in dependencies(file).into_iter().filter(|name| DRIVERS.contains(&name.as_str())) {
            let line = line_of(&file.text, &name);
            findings.push(Finding::new(&file.path, line, format!("depends on the driver `{name}`"), remedy));
        }
    }
    findings
}

/// A backend depends on no crate of this workspace but es-core; tests may.
pub(crate) fn backends_depend_on_core_only(files: &[File]) -> Vec<Finding> {
    let manifests = || files.iter().filter_map(|f| Some((f, package_name(f)?)));
    let siblings: Vec<String> = manifests().map(|(_, name)| name).collect();
    let mut findings = Vec::new();
    for (file, package) in manifests().filter(|(_, name)| BACKENDS.contains(&name.as_str())) {
        for name in dependencies(file).into_iter().filter(|name| name != CORE && siblings.contains(name)) {
            let message = format!("the backend `{package}` depends on `{name}`");
            let remedy = "a backend knows es-core alone: move what they share there";
            findings.push(Finding::new(&file.path, line_of(&file.text, &name), message, remedy));
        }
    }
    findings
}

/// Every package takes the workspace's lints. One that cannot go without `unsafe` in some module states the
/// same ones, with `unsafe_code` denied instead of forbidden: cargo knows no way to change a single one.
pub(crate) fn workspace_lints(files: &[File]) -> Vec<Finding> {
    let root = files.iter().find(|f| f.path == "Cargo.toml").and_then(manifest);
    let denied = root.and_then(|m| {
        let mut lints = m.get("workspace")?.get("lints")?.clone();
        *lints.get_mut("rust")?.get_mut("unsafe_code")? = "deny".into();
        Some(lints)
    });
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| package_name(f).is_some()) {
        let lints = manifest(file).and_then(|m| m.get("lints").cloned());
        let taken = lints.as_ref().and_then(|l| l.get("workspace")?.as_bool()) == Some(true);
        if !taken && (lints.is_none() || lints != denied) {
            let remedy = "write `[lints]` and `workspace = true`";
            findings.push(Finding::new(&file.path, 1, "does not take the workspace's lints", remedy));
        }
    }
    findings
}

fn manifest(file: &File) -> Option<Table> {
    if file.path.rsplit('/').next() == Some("Cargo.toml") { file.text.parse().ok() } else { None }
}

fn package_name(file: &File) -> Option<String> {
    Some(manifest(file)?.get("package")?.get("name")?.as_str()?.to_owned())
}

/// The packages that a manifest needs for other things than its tests: also for some targets only, and under
/// their own name when they are renamed.
fn dependencies(file: &File) -> Vec<String> {
    let Some(manifest) = manifest(file) else { return Vec::new() };
    let targets = manifest.get("target").and_then(Value::as_table).into_iter().flat_map(|t| t.values());
    let tables = std::iter::once(&manifest).chain(targets.filter_map(Value::as_table));
    let kinds = tables.flat_map(|table| ["dependencies", "build-dependencies"].map(|kind| table.get(kind)));
    let entries = kinds.flatten().filter_map(Value::as_table).flatten();
    entries
        .map(|(key, value)| value.get("package").and_then(Value::as_str).unwrap_or(key).to_owned())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn a_driver_in_the_core() {
        let files = [
            ("es-core/src/store/mod.rs", "//! Not sqlx.\n\nuse sqlx::Pool;"),
            ("es-sql/src/lib.rs", "use sqlx::Pool;"),
            (
                "es-core/Cargo.toml",
                "[package]\n[target.'cfg(unix)'.dependencies]\ndb = { package = \"rusqlite\" }",
            ),
        ];
        assert_eq!(
            places(core_names_no_driver, &files),
            ["es-core/src/store/mod.rs:3", "es-core/Cargo.toml:3"]
        );
    }

    #[test]
    fn a_driver_in_the_facade() {
        let files = [
            ("src/lib.rs", "pub fn open(_: rdkafka::Message) {}"),
            ("Cargo.toml", "[workspace.dependencies]\nscylla = \"1\"\n[dependencies]\nes-core = \"1\""),
            ("es-kafka/src/lib.rs", "use rdkafka::Message;"),
        ];
        assert_eq!(places(facade_names_no_driver, &files), ["src/lib.rs:1"]);
    }

    #[test]
    fn a_backend_that_knows_another() {
        let core = "[package]\nname = \"es-core\"";
        let cassandra = "[package]\nname = \"es-cassandra\"\n[dependencies]\nes-core = \"1\"\nscylla = \"1\"";
        let sql = "[package]\nname = \"es-sql\"\n[dependencies]\nes-core = \"1\"\nes-cassandra.workspace = true\n[dev-dependencies]\nes-kafka = \"1\"";
        let files = [
            ("es-core/Cargo.toml", core),
            ("es-cassandra/Cargo.toml", cassandra),
            ("es-sql/Cargo.toml", sql),
        ];
        assert_eq!(places(backends_depend_on_core_only, &files), ["es-sql/Cargo.toml:5"]);
    }

    #[test]
    fn a_package_without_the_lints() {
        let files = [
            ("a/Cargo.toml", "[package]\nname = \"a\""),
            ("b/Cargo.toml", "[package]\nname = \"b\"\n[lints]\nworkspace = true"),
            ("c/Cargo.toml", "[workspace]"),
        ];
        assert_eq!(places(workspace_lints, &files), ["a/Cargo.toml:1"]);
        let root = "[workspace.lints.rust]\nunsafe_code = \"forbid\"\nmissing_docs = \"warn\"";
        let own = |lints: &str| format!("[package]\nname = \"a\"\n[lints.rust]\n{lints}");
        let denied = own("missing_docs = \"warn\"\nunsafe_code = \"deny\"");
        let allowed = own("missing_docs = \"warn\"\nunsafe_code = \"allow\"");
        let fewer = own("unsafe_code = \"deny\"");
        let files = [
            ("Cargo.toml", root),
            ("a/Cargo.toml", denied.as_str()),
            ("b/Cargo.toml", &allowed),
            ("c/Cargo.toml", &fewer),
        ];
        assert_eq!(places(workspace_lints, &files), ["b/Cargo.toml:1", "c/Cargo.toml:1"]);
    }
}
