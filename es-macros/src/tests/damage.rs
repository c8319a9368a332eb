//! People type their code letter by letter, and the macros see each step: none may panic on any of them, and
//! what they emit for an item that is Rust is Rust.

use std::panic::{AssertUnwindSafe, catch_unwind};

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use super::{SAMPLES, Use, uses};

/// What is put in the place of a token.
const INSTEAD: [&str; 13] = [
    "",
    "\"\"",
    ",",
    "=",
    "::",
    "self",
    "crate",
    "'a",
    "\"x.y\"",
    "18446744073709551616",
    "&mut T",
    "()",
    "<T>",
];

#[test]
fn each_token_lost_doubled_and_replaced() {
    let replacements: Vec<TokenStream> = INSTEAD.iter().map(|text| text.parse().unwrap()).collect();
    for (_, source) in SAMPLES {
        for used in uses(source) {
            for at in 0..count(&used.item) {
                for replacement in &replacements {
                    let item =
                        changed(&used.item, at, &|_, rest| [replacement.clone(), rest].into_iter().collect());
                    survive(&used.name, used.arguments.clone(), item);
                }
                let doubled = |token: TokenTree, rest| {
                    [token.clone().into(), token.into(), rest].into_iter().collect::<TokenStream>()
                };
                survive(&used.name, used.arguments.clone(), changed(&used.item, at, &doubled));
                let cut = |token: TokenTree, _| token.into();
                survive(&used.name, used.arguments.clone(), changed(&used.item, at, &cut));
            }
            for at in 0..count(&used.arguments) {
                for replacement in &replacements {
                    let replaced = |_, rest| [replacement.clone(), rest].into_iter().collect();
                    survive(&used.name, changed(&used.arguments, at, &replaced), used.item.clone());
                }
                let cut = |token: TokenTree, _| token.into();
                survive(&used.name, changed(&used.arguments, at, &cut), used.item.clone());
            }
        }
    }
}

/// Several changes at once, always the same ones.
#[test]
fn tokens_shuffled() {
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut below = |end: usize| {
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        usize::try_from(random % u64::try_from(end.max(1)).unwrap()).unwrap()
    };
    for (_, source) in SAMPLES {
        for _ in 0..300 {
            for used in uses(source) {
                let (mut item, mut arguments) = (used.item, used.arguments);
                for _ in 0..=below(4) {
                    let replacement: TokenStream = INSTEAD[below(INSTEAD.len())].parse().unwrap();
                    let replaced = |_, rest| [replacement.clone(), rest].into_iter().collect();
                    item = changed(&item, below(count(&item)), &replaced);
                    if below(2) == 0 {
                        arguments = changed(&arguments, below(count(&arguments)), &replaced);
                    }
                }
                survive(&used.name, arguments, item);
            }
        }
    }
}

fn survive(name: &str, arguments: TokenStream, item: TokenStream) {
    let is_rust = syn::parse2::<syn::Item>(item.clone()).is_ok();
    let used = Use { name: name.to_owned(), arguments: arguments.clone(), item: item.clone() };
    let input = || format!("{name}({arguments})\n{item}");
    let Ok(tokens) = catch_unwind(AssertUnwindSafe(|| used.expand())) else {
        panic!("the macro panicked on {}", input());
    };
    if is_rust && let Err(error) = syn::parse2::<syn::File>(tokens.clone()) {
        panic!("{error}: what was made of this is not Rust: {}", input());
    }
}

/// How many tokens there are, groups and what is in them included.
fn count(tokens: &TokenStream) -> usize {
    let inner = |token| if let TokenTree::Group(group) = token { count(&group.stream()) } else { 0 };
    tokens.clone().into_iter().map(|token| 1 + inner(token)).sum()
}

/// The tokens with `change` of the token number `at` and the rest of its group.
fn changed(
    tokens: &TokenStream,
    at: usize,
    change: &dyn Fn(TokenTree, TokenStream) -> TokenStream,
) -> TokenStream {
    let mut before = TokenStream::new();
    let mut left = at;
    let mut all = tokens.clone().into_iter();
    while let Some(token) = all.next() {
        if left == 0 {
            return [before, change(token, all.collect())].into_iter().collect();
        }
        left -= 1;
        if let TokenTree::Group(group) = &token {
            let size = count(&group.stream());
            if left < size {
                let inner = changed(&group.stream(), left, change);
                // Sometimes the fence is what was mistyped.
                let fence = if left % 7 == 6 { Delimiter::Bracket } else { group.delimiter() };
                let rest = all.collect();
                return [before, TokenTree::from(Group::new(fence, inner)).into(), rest]
                    .into_iter()
                    .collect();
            }
            left -= size;
        }
        before.extend([token]);
    }
    before
}
