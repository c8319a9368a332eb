//! Pages that stay true.

use std::collections::HashSet;

use super::{File, Finding, tokens::find};

/// Every Rust block of a page is compiled, because a source includes the page as documentation.
pub(crate) fn rust_blocks_are_compiled(files: &[File]) -> Vec<Finding> {
    let included: HashSet<String> = files.iter().flat_map(included_pages).collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.has_extension("md")) {
        for (line, language) in fences(&file.text) {
            let mut words = language.split([',', ' ']);
            if words.next() != Some("rust") {
                continue;
            }
            let mut finding =
                |message, remedy| findings.push(Finding::new(&file.path, line, message, remedy));
            if words.any(|word| word == "ignore") {
                finding(
                    "a Rust block that nobody compiles",
                    "use `no_run`, or hide the missing lines behind `# `",
                );
            } else if !included.contains(&file.path) {
                finding(
                    "a Rust block in a page that no doctest includes",
                    "include the page with `#[doc = include_str!(\"..\")]`",
                );
            }
        }
    }
    findings
}

fn included_pages(file: &File) -> Vec<String> {
    let tokens = file.tokens();
    let includes = find(&tokens, &["doc", "=", "include_str", "!", "("]);
    includes.filter_map(|at| resolve(&file.path, tokens.get(at + 5)?.text.trim_matches('"'))).collect()
}

/// Every relative link of a page leads to a file or folder of the tree.
pub(crate) fn links_resolve(files: &[File]) -> Vec<Finding> {
    let mut known: HashSet<&str> = HashSet::new();
    for file in files {
        known.insert(&file.path);
        known.extend(file.path.match_indices('/').map(|(at, _)| &file.path[..at]));
    }
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.has_extension("md")) {
        for (line, target) in links(&file.text) {
            let path = target.split(['#', '?']).next().unwrap_or_default();
            let elsewhere = path.is_empty() || target.contains("://") || target.starts_with("mailto:");
            let found = resolve(&file.path, path).is_some_and(|p| p.is_empty() || known.contains(p.as_str()));
            if !elsewhere && !found {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("the link `{target}` leads nowhere"),
                    "correct or remove it",
                ));
            }
        }
    }
    findings
}

/// The changelog has a place for what comes next.
pub(crate) fn changelog_has_unreleased(files: &[File]) -> Vec<Finding> {
    const PAGE: &str = "CHANGELOG.md";
    let page = files.iter().find(|f| f.path == PAGE);
    if page.is_some_and(|f| f.text.lines().any(|line| line.starts_with("## ") && line.contains("Unreleased")))
    {
        return Vec::new();
    }
    vec![Finding::new(PAGE, 1, "there is no section for what comes next", "add `## [Unreleased]`")]
}

/// The opening fences of a page, with what stands after them.
fn fences(text: &str) -> Vec<(usize, &str)> {
    let mut fences = Vec::new();
    let mut open: Option<&str> = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        let marks = &line[..line.len() - line.trim_start_matches('`').len()];
        match open {
            None if marks.len() >= 3 => {
                fences.push((at + 1, line[marks.len()..].trim()));
                open = Some(marks);
            }
            Some(opening) if marks.len() >= opening.len() && line[marks.len()..].trim().is_empty() => {
                open = None
            }
            _ => {}
        }
    }
    fences
}

/// The links of a page outside of code: `[text](target)` and `[name]: target`.
fn links(text: &str) -> Vec<(usize, &str)> {
    let mut links = Vec::new();
    let mut in_code = false;
    for (at, line) in text.lines().enumerate() {
        if line.trim_start().starts_with("```") {
            in_code = !in_code;
        }
        if in_code {
            continue;
        }
        // What stands at odd places between back-ticks is code.
        for prose in line.split('`').step_by(2) {
            for (start, _) in prose.match_indices("](") {
                let target = prose[start + 2..].split([')', ' ']).next().unwrap_or_default();
                links.push((at + 1, target));
            }
        }
        if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
            links.push((at + 1, target.split(' ').next().unwrap_or_default()));
        }
    }
    links
}

/// The path, from the root, of what the page or source at `from` calls `target`; none above the root.
fn resolve(from: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = from.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "" | "." => {}
            ".." => drop(parts.pop()?),
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn blocks_that_nobody_compiles() {
        let page = "# A\n```sh\nls\n```\n```rust\nlet a = 1;\n```\n````text\n```rust\n````\n";
        let source = ("src/lib.rs", "//! A\n#![doc = include_str!(\"../README.md\")]");
        let ignored = ("docs/b.md", "```rust,ignore\n```");
        let files = [("README.md", page), ("docs/a.md", page), ignored, source];
        assert_eq!(places(rust_blocks_are_compiled, &files), ["docs/a.md:5", "docs/b.md:1"]);
    }

    #[test]
    fn links_that_lead_nowhere() {
        let page = "[a](b.md) [c](../README.md#top) [d](https://e.org) [f](#g)\n[h](nowhere.md) `[i](j.md)`\n```\n[k](l.md)\n```\n[m]: ../../n.md\n[o](../docs)\n[p](`x`)";
        let files = [("docs/a.md", page), ("docs/b.md", ""), ("README.md", "")];
        assert_eq!(places(links_resolve, &files), ["docs/a.md:2", "docs/a.md:6"]);
    }

    #[test]
    fn a_changelog_without_a_future() {
        assert_eq!(places(changelog_has_unreleased, &[("CHANGELOG.md", "## [1.0.0]")]), ["CHANGELOG.md:1"]);
        assert_eq!(places(changelog_has_unreleased, &[]), ["CHANGELOG.md:1"]);
        assert_eq!(
            places(changelog_has_unreleased, &[("CHANGELOG.md", "# C\n\n## [Unreleased]\n")]),
            [""; 0]
        );
    }
}
