//! What macro code must not do: it runs inside the compiler, on input that people are still typing.

use super::{
    File, Finding,
    tokens::{Token, after_group, find, without_tests},
};

const FORBIDDEN: &[&str] = &["fs", "env", "net", "process"];

/// Reads `events.lock`, and nothing else.
const READS_THE_LOCK: &str = "es-macros/src/lock.rs";

/// es-macros does no I/O, but for one file.
pub(crate) fn no_io(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (file, tokens) in sources(files).filter(|(file, _)| file.path != READS_THE_LOCK) {
        for at in find(&tokens, &["std", ":", ":"]) {
            let next = at + 3;
            let grouped = tokens.get(next).is_some_and(|t| t.text == "{");
            let end = if grouped { after_group(&tokens, next) } else { (next + 1).min(tokens.len()) };
            for token in tokens[next..end].iter().filter(|t| FORBIDDEN.contains(&t.text.as_str())) {
                let message = format!("uses `std::{}`", token.text);
                findings.push(Finding::new(
                    &file.path,
                    token.line,
                    message,
                    "a macro looks at its input alone",
                ));
            }
        }
    }
    findings
}

/// es-macros never panics: a panic in a macro hides every other error, and says nothing of the place.
pub(crate) fn no_panic(files: &[File]) -> Vec<Finding> {
    const PANICS: [(&[&str], &str); 3] = [
        (&[".", "unwrap", "("], ".unwrap()"),
        (&[".", "expect", "("], ".expect(..)"),
        (&["panic", "!"], "panic!"),
    ];
    let mut findings = Vec::new();
    for (file, tokens) in sources(files) {
        let tokens = without_quoted(tokens);
        for (pattern, name) in PANICS {
            for at in find(&tokens, pattern) {
                let remedy = "return a `syn::Error` at the span of what is wrong";
                findings.push(Finding::new(
                    &file.path,
                    tokens[at].line,
                    format!("may panic: `{name}`"),
                    remedy,
                ));
            }
        }
    }
    findings
}

fn sources(files: &[File]) -> impl Iterator<Item = (&File, Vec<Token>)> {
    let of_tests = |file: &File| file.path.ends_with("/tests.rs") || file.path.contains("/tests/");
    let sources = files.iter().filter(move |f| f.below("es-macros/src") && !of_tests(f));
    sources.map(|file| (file, without_tests(file.tokens())))
}

/// The tokens without what the macro emits: that runs in the user's program.
fn without_quoted(mut tokens: Vec<Token>) -> Vec<Token> {
    for name in ["quote", "quote_spanned"] {
        while let Some(start) = find(&tokens, &[name, "!"]).next() {
            let end = after_group(&tokens, start + 2);
            tokens.drain(start..end);
        }
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::super::places;
    use super::*;

    #[test]
    fn io_in_a_macro() {
        let text =
            "use std::{\n    fmt,\n    fs::File,\n};\nfn a() { std::env::var(\"A\"); std::mem::drop(1) }";
        assert_eq!(
            places(no_io, &[("es-macros/src/a.rs", text)]),
            ["es-macros/src/a.rs:3", "es-macros/src/a.rs:5"]
        );
        assert_eq!(places(no_io, &[("es-sql/src/a.rs", text), (READS_THE_LOCK, text)]), [""; 0]);
    }

    #[test]
    fn a_panic_in_a_macro() {
        let text = "fn a() {\n  x.unwrap();\n  x.unwrap_or(1);\n  x.expect(\"y\");\n  panic!();\n  quote! { panic!(); }\n}\n#[cfg(test)] mod t { fn b() { x.unwrap() } }";
        let places = places(no_panic, &[("es-macros/src/a.rs", text), ("es-macros/src/tests/a.rs", text)]);
        assert_eq!(places, ["es-macros/src/a.rs:2", "es-macros/src/a.rs:4", "es-macros/src/a.rs:5"]);
    }
}
