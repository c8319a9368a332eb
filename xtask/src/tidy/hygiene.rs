//! Nothing in the tree depends on one machine or one mirror.

use super::{File, Finding};

/// Folders of one machine, by their names below the root.
const FOLDERS: &[&str] = &["work", "tmp", "root", "home"];

/// Where package clients get their packages; clients know that by themselves.
const HOSTS: &[(&str, &str)] = &[
    ("index", "crates.io"),
    ("static", "crates.io"),
    ("repo1", "maven.org"),
    ("repo.maven", "apache.org"),
    ("registry", "npmjs.org"),
    ("files", "pythonhosted.org"),
    ("proxy", "golang.org"),
    ("deb", "debian.org"),
];

/// No absolute path of a machine.
pub(crate) fn no_machine_paths(files: &[File]) -> Vec<Finding> {
    let folders: Vec<String> = FOLDERS.iter().map(|folder| format!("/{folder}/")).collect();
    let remedy = "write a path relative to the tree, or take it from the environment";
    each_line(files, |line| {
        let found = folders
            .iter()
            .find(|folder| line.match_indices(folder.as_str()).any(|(at, _)| is_root(line, at)))?;
        Some((format!("an absolute path of a machine: `{found}`"), remedy))
    })
}

/// Whether a slash at `at` begins a path, rather than going on with one or with an address.
fn is_root(line: &str, at: usize) -> bool {
    !line[..at].ends_with(|c: char| c.is_alphanumeric() || "._-~*/})>".contains(c))
}

/// No host that only package clients talk to, and no other source in the lock file than the public one.
pub(crate) fn no_index_hosts(files: &[File]) -> Vec<Finding> {
    const SOURCE: &str = "source = \"registry+https://github.com/rust-lang/crates.io-index\"";
    let hosts: Vec<String> = HOSTS.iter().map(|(name, domain)| format!("{name}.{domain}")).collect();
    let mut findings = each_line(files, |line| {
        let host = hosts.iter().find(|host| line.contains(host.as_str()))?;
        Some((format!("names the host `{host}`"), "use the package's coordinates with its ordinary client"))
    });
    for file in files.iter().filter(|f| f.path == "Cargo.lock") {
        for (at, line) in file.text.lines().enumerate().filter(|(_, line)| line.starts_with("source = ")) {
            if line != SOURCE {
                let remedy = "depend on a published version, and lock without source replacement";
                findings.push(Finding::new(
                    &file.path,
                    at + 1,
                    format!("locked to another source: {line}"),
                    remedy,
                ));
            }
        }
    }
    findings
}

fn each_line(files: &[File], breach: impl Fn(&str) -> Option<(String, &'static str)>) -> Vec<Finding> {
    let lines = files
        .iter()
        .flat_map(|file| file.text.lines().enumerate().map(move |(at, line)| (file, at + 1, line)));
    let found = lines.filter_map(|(file, at, line)| breach(line).map(|found| (file, at, found)));
    found.map(|(file, at, (message, remedy))| Finding::new(&file.path, at, message, remedy)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn machine_paths() {
        let text =
            FOLDERS.iter().map(|f| format!("open(\"/{f}/x\")\nsrc/{f}/x https://a.org/{f}/ target/{f}/\n"));
        let text: String = text.collect();
        assert_eq!(places(no_machine_paths, &[("a.md", &text)]), ["a.md:1", "a.md:3", "a.md:5", "a.md:7"]);
    }

    #[test]
    fn hosts() {
        let text: String =
            HOSTS.iter().map(|(name, domain)| format!("url = {name}.{domain}\nurl = {domain}\n")).collect();
        assert_eq!(places(no_index_hosts, &[("a.toml", &text)]).len(), HOSTS.len());
    }

    #[test]
    fn locked_sources() {
        let text = "source = \"registry+https://github.com/rust-lang/crates.io-index\"\nsource = \"git+https://example.org/a\"";
        assert_eq!(places(no_index_hosts, &[("Cargo.lock", text)]), ["Cargo.lock:2"]);
    }
}
