use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use std::cmp::Reverse;

/// Collects every mistake of an item, so that all are reported at once.
#[derive(Default)]
pub(crate) struct Diag(Option<syn::Error>);

impl Diag {
    /// A mistake at these tokens.
    pub(crate) fn error(&mut self, at: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(at, message));
    }

    /// A mistake at this place.
    pub(crate) fn error_at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    /// A mistake that syn or a check found.
    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(all) => all.combine(error),
            None => self.0 = Some(error),
        }
    }

    /// The value, or its mistake is collected.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_clean(&self) -> bool {
        self.0.is_none()
    }

    /// All mistakes, as code that makes the compiler report them.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(|error| error.into_compile_error()).unwrap_or_default()
    }
}

/// What to say about a key that does not exist.
pub(crate) fn unknown_key(found: &str, known: &[&str]) -> String {
    let shared = |key: &str| found.chars().zip(key.chars()).take_while(|(a, b)| a == b).count();
    let nearest = known.iter().map(|k| (distance(found, k), Reverse(shared(k)), *k)).min();
    match nearest {
        Some((steps, _, key)) if steps <= 1 + key.len() / 4 => {
            format!("unknown key `{found}`: did you mean `{key}`?")
        }
        _ => format!("unknown key `{found}`: the keys here are {}", listed(known)),
    }
}

/// `a`, `b` and `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|w| format!("`{w}`")).collect();
    match quoted.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, rest)) => format!("{} and {last}", rest.join(", ")),
        None => String::from("none"),
    }
}

/// How many letters to insert, remove or replace (Levenshtein).
fn distance(a: &str, b: &str) -> usize {
    let b: Vec<char> = b.chars().collect();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.chars().enumerate() {
        let mut next = vec![i + 1];
        for ((y, diagonal), above) in b.iter().zip(&row).zip(row.iter().skip(1)) {
            let left = next.last().copied().unwrap_or_default();
            next.push((diagonal + usize::from(x != *y)).min(left + 1).min(above + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_and_far_keys() {
        assert_eq!(unknown_key("evnts", &["id", "events"]), "unknown key `evnts`: did you mean `events`?");
        assert_eq!(
            unknown_key("create", &["crate", "creates"]),
            "unknown key `create`: did you mean `creates`?"
        );
        assert_eq!(
            unknown_key("table", &["id", "events", "crate"]),
            "unknown key `table`: the keys here are `id`, `events` and `crate`"
        );
    }

    #[test]
    fn every_mistake_is_reported() {
        let mut diag = Diag::default();
        assert!(diag.is_clean());
        diag.error_at(Span::call_site(), "one");
        diag.error_at(Span::call_site(), "two");
        let text = diag.into_tokens().to_string();
        assert!(text.contains("\"one\"") && text.contains("\"two\""), "{text}");
    }
}
