//! The generated code, written down, so that a change of it is seen in review.

use std::{env, fs, path::Path};

use proc_macro2::{TokenStream, TokenTree};

use super::{SAMPLES, Use, uses};

/// `EXPANSIONS=overwrite cargo test -p es-macros` writes them down anew.
#[test]
fn as_written_down() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("expansions");
    let overwrite = env::var_os("EXPANSIONS").is_some_and(|value| value == "overwrite");
    let mut different = Vec::new();
    for (name, source) in SAMPLES {
        let tokens: TokenStream = uses(source).into_iter().map(Use::expand).collect();
        let text = prettyplease::unparse(&syn::parse2(tokens).unwrap());
        let path = folder.join(format!("{name}.expanded.rs"));
        if overwrite {
            fs::write(&path, text).unwrap();
        } else if fs::read_to_string(&path).unwrap_or_default() != text {
            different.push(format!("expansions/{name}.expanded.rs"));
        }
    }
    assert!(
        different.is_empty(),
        "the generated code changed: run `EXPANSIONS=overwrite cargo test -p es-macros`, and read the difference \
         of {different:?}"
    );
}

/// `crate = ..` is the only way to the framework in what is generated.
#[test]
fn no_way_around_the_given_crate() {
    for (name, source) in SAMPLES {
        for mut used in uses(source) {
            let path: TokenStream = "crate = my::facade".parse().unwrap();
            let comma: TokenStream = ",".parse().unwrap();
            if ["command_handler", "query_handler", "projection"].contains(&used.name.as_str()) {
                let before = std::mem::take(&mut used.arguments);
                used.arguments =
                    if before.is_empty() { path } else { [before, comma, path].into_iter().collect() };
            } else {
                let text = used.item.to_string();
                let with_path = match name {
                    "services" => format!("#[services(crate = my::facade)] {text}"),
                    "event_schema" => format!("#[event_schema(crate = my::facade)] {text}"),
                    _ => text.replacen(")]", ", crate = my::facade)]", 1),
                };
                used.item = with_path.parse().unwrap();
            }
            let tokens = used.expand();
            assert!(!names(tokens.clone(), "compile_error"), "{tokens}");
            assert!(names(tokens.clone(), "facade") && !names(tokens.clone(), "event_sourcing"), "{tokens}");
        }
    }
}

fn names(tokens: TokenStream, wanted: &str) -> bool {
    tokens.into_iter().any(|token| match token {
        TokenTree::Group(group) => names(group.stream(), wanted),
        TokenTree::Ident(ident) => ident == wanted,
        _ => false,
    })
}
