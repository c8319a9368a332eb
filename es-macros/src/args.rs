//! The arguments of an attribute: texts, `key = value`, `key(..)`.

use proc_macro2::{TokenStream, TokenTree};
use syn::{
    Attribute, Ident, LitStr, Path, Token, Type,
    ext::IdentExt,
    parse::{ParseStream, Parser},
    punctuated::Punctuated,
    spanned::Spanned,
};

use crate::diag::{Diag, unknown_key};

/// The attribute `name` of an item, which has one at most.
pub(crate) fn attribute<'a>(attrs: &'a [Attribute], name: &str, diag: &mut Diag) -> Option<&'a Attribute> {
    let mut found = attrs.iter().filter(|a| a.path().is_ident(name));
    let first = found.next();
    if let Some(second) = found.next() {
        diag.error(second, format!("one `#[{name}(..)]` is enough"));
    }
    first
}

/// What stands between the attribute's parentheses.
pub(crate) fn inside(attr: &Attribute) -> TokenStream {
    attr.meta.require_list().map(|list| list.tokens.clone()).unwrap_or_default()
}

/// Reads `tokens`: an optional leading text, then keys, each of which `value` reads after its name.
///
/// Goes on behind a mistake, so that all are reported. `keys` are those that `value` knows.
pub(crate) fn read(
    tokens: TokenStream,
    keys: &[&str],
    diag: &mut Diag,
    mut value: impl FnMut(&Ident, ParseStream) -> syn::Result<()>,
) -> Option<LitStr> {
    let mut text: Option<LitStr> = None;
    let mut seen: Vec<String> = Vec::new();
    let parser = |input: ParseStream| {
        while !input.is_empty() {
            let result = entry(input, keys, &mut text, &mut seen, &mut value);
            if let Err(error) = result {
                diag.push(error);
                skip_entry(input);
            } else if !input.is_empty() && !input.peek(Token![,]) {
                diag.push(input.error("expected `,`"));
                skip_entry(input);
            }
            input.parse::<Option<Token![,]>>()?;
        }
        Ok(())
    };
    if let Err(error) = parser.parse2(tokens) {
        diag.push(error);
    }
    text
}

fn entry(
    input: ParseStream,
    keys: &[&str],
    text: &mut Option<LitStr>,
    seen: &mut Vec<String>,
    value: &mut impl FnMut(&Ident, ParseStream) -> syn::Result<()>,
) -> syn::Result<()> {
    if input.peek(LitStr) {
        let found: LitStr = input.parse()?;
        return match text.replace(found) {
            None if seen.is_empty() => Ok(()),
            None => Err(syn::Error::new(text.span(), "the text comes first")),
            Some(_) => Err(syn::Error::new(text.span(), "one text is enough")),
        };
    }
    let key = input.call(Ident::parse_any)?;
    let name = key.to_string();
    if !keys.contains(&name.as_str()) {
        return Err(syn::Error::new(key.span(), unknown_key(&name, keys)));
    }
    if seen.contains(&name) {
        return Err(syn::Error::new(key.span(), format!("`{name}` is given twice")));
    }
    seen.push(name);
    value(&key, input)
}

/// Skips the rest of an entry. A type is skipped whole, because its commas do not end the entry.
fn skip_entry(input: ParseStream) {
    if input.peek(Token![=]) && input.peek2(Ident) {
        let ahead = input.fork();
        if equals::<Type>(&ahead).is_ok() {
            let _ = equals::<Type>(input);
        }
    }
    while !input.is_empty() && !input.peek(Token![,]) {
        if input.parse::<TokenTree>().is_err() {
            return;
        }
    }
}

/// `= value`
pub(crate) fn equals<T: syn::parse::Parse>(input: ParseStream) -> syn::Result<T> {
    input.parse::<Token![=]>()?;
    input.parse()
}

/// `= path`
pub(crate) fn equals_path(input: ParseStream) -> syn::Result<Path> {
    input.parse::<Token![=]>()?;
    input.call(Path::parse_mod_style)
}

/// `= 7`
pub(crate) fn equals_number<N>(input: ParseStream) -> syn::Result<N>
where
    N: std::str::FromStr,
    N::Err: std::fmt::Display,
{
    equals::<syn::LitInt>(input)?.base10_parse()
}

/// `(A, B)`
pub(crate) fn list<T: syn::parse::Parse>(input: ParseStream) -> syn::Result<Vec<T>> {
    let content;
    syn::parenthesized!(content in input);
    Ok(Punctuated::<T, Token![,]>::parse_terminated(&content)?.into_iter().collect())
}

/// The path to the framework when an attribute names none.
pub(crate) fn default_crate() -> Path {
    syn::parse_quote!(::event_sourcing)
}
