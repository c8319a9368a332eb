//! The ui cases and their expected texts.

use std::collections::HashSet;

use super::{File, Finding};

/// Every case that must fail has the text it fails with, and there is no text without its case.
pub(crate) fn every_failure_has_its_text(files: &[File]) -> Vec<Finding> {
    let paths: HashSet<&str> = files.iter().map(|f| f.path.as_str()).collect();
    let mut findings = Vec::new();
    for file in files.iter().filter(|f| f.below("ui-tests")) {
        let path = file.path.as_str();
        let beside = |case: &str, extension| paths.contains(format!("{case}.{extension}").as_str());
        let case = path.strip_suffix(".rs").filter(|case| case.contains("/fail/"));
        if case.is_some_and(|case| !beside(case, "stderr")) {
            let remedy = "run the ui tests with TRYBUILD=overwrite, then read the text as a newcomer";
            findings.push(Finding::new(path, 1, "has no .stderr", remedy));
        }
        let text_of = path.strip_suffix(".stderr");
        if text_of.is_some_and(|case| !(case.contains("/fail/") && beside(case, "rs"))) {
            findings.push(Finding::new(path, 1, "belongs to no case that fails", "delete it"));
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn missing_and_stray() {
        let files = [
            ("ui-tests/event/fail/a.rs", ""),
            ("ui-tests/event/fail/b.rs", ""),
            ("ui-tests/event/fail/b.stderr", ""),
            ("ui-tests/event/fail/c.stderr", ""),
            ("ui-tests/event/pass/d.rs", ""),
            ("ui-tests/event/pass/d.stderr", ""),
        ];
        let stray = [
            "ui-tests/event/fail/a.rs:1",
            "ui-tests/event/fail/c.stderr:1",
            "ui-tests/event/pass/d.stderr:1",
        ];
        assert_eq!(places(every_failure_has_its_text, &files), stray);
    }
}
