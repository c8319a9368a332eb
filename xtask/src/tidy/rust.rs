//! Habits of the sources.

use super::{
    File, Finding,
    tokens::{after_group, find},
};

const LONG: usize = 400;
const TOO_LONG: usize = 700;

/// No file is longer than a person wants to read.
pub(crate) fn too_long_files(files: &[File]) -> Vec<Finding> {
    longer_than(files, TOO_LONG, usize::MAX)
}

/// Files that are on the way there; only a warning.
pub(crate) fn long_files(files: &[File]) -> Vec<Finding> {
    longer_than(files, LONG, TOO_LONG)
}

fn longer_than(files: &[File], more_than: usize, at_most: usize) -> Vec<Finding> {
    let readable = files.iter().filter(|f| f.has_extension("rs") || f.has_extension("md"));
    let lengths = readable.map(|f| (f, f.text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines > more_than && *lines <= at_most);
    let finding = |(f, lines): (&File, usize)| {
        Finding::new(&f.path, lines, format!("{lines} lines"), "split it by concern")
    };
    long.map(finding).collect()
}

/// Every `allow` and `expect` of a lint says why.
pub(crate) fn allow_needs_reason(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let tokens = file.tokens();
        let attributes = find(&tokens, &["#", "["])
            .map(|at| at + 1)
            .chain(find(&tokens, &["#", "!", "["]).map(|at| at + 2));
        for open in attributes {
            let attribute = &tokens[open..after_group(&tokens, open)];
            for lint in ["allow", "expect"] {
                for at in find(attribute, &[lint, "("]) {
                    let arguments = &attribute[at + 1..after_group(attribute, at + 1)];
                    if find(arguments, &["reason", "="]).next().is_none() {
                        let message = format!("`{lint}` without a reason");
                        findings.push(Finding::new(
                            &file.path,
                            attribute[at].line,
                            message,
                            "add `reason = \"..\"`",
                        ));
                    }
                }
            }
        }
    }
    findings
}

/// Nothing half done stays behind.
pub(crate) fn no_leftovers(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let tokens = file.tokens();
        for name in ["todo", "unimplemented", "dbg"] {
            for at in find(&tokens, &[name, "!"])
                .filter(|at| tokens.get(at + 2).is_some_and(|t| "([{".contains(&t.text)))
            {
                let remedy = "finish it, or return a typed error";
                findings.push(Finding::new(&file.path, tokens[at].line, format!("`{name}!`"), remedy));
            }
        }
    }
    findings
}

/// An ignored test says why.
pub(crate) fn ignore_needs_reason(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for file in files {
        let tokens = file.tokens();
        for at in find(&tokens, &["#", "[", "ignore", "]"]) {
            let remedy = "write `#[ignore = \"why\"]`, or let the test run";
            findings.push(Finding::new(
                &file.path,
                tokens[at].line,
                "a test is ignored without a reason",
                remedy,
            ));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn long_and_too_long() {
        let (short, long, too_long) = ("\n".repeat(400), "\n".repeat(700), "\n".repeat(701));
        let files = [("a.rs", short.as_str()), ("b.rs", &long), ("c.rs", &too_long), ("d.csv", &too_long)];
        assert_eq!(places(long_files, &files), ["b.rs:700"]);
        assert_eq!(places(too_long_files, &files), ["c.rs:701"]);
    }

    #[test]
    fn allows() {
        let text = "#![allow(a)]\n#[allow(b, reason = \"r\")]\n#[cfg_attr(c, allow(d))]\nfn allow() { allow(1); x.expect(\"y\") }\n// #[allow(e)]\n#[expect(f)] fn g() {}";
        assert_eq!(places(allow_needs_reason, &[("a.rs", text)]), ["a.rs:3", "a.rs:6", "a.rs:1"]);
    }

    #[test]
    fn leftovers() {
        let text = "fn a() {\n  todo!();\n  dbg!(1);\n  let todo = !todo != b;\n  unimplemented!(\"x\")\n}\n/// todo!()\nfn b() {}";
        assert_eq!(places(no_leftovers, &[("a.rs", text)]), ["a.rs:2", "a.rs:5", "a.rs:3"]);
    }

    #[test]
    fn ignored() {
        let text = "#[test]\n#[ignore]\nfn a() {}\n#[ignore = \"slow\"]\nfn b() {}";
        assert_eq!(places(ignore_needs_reason, &[("a.rs", text)]), ["a.rs:2"]);
    }
}
