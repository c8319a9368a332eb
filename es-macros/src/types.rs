//! Looking at types as they are written.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::ToTokens;
use syn::{GenericArgument, PathArguments, PathSegment, Type};

/// A place for generated code: shown as `span`, but resolved where the macro was called.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The first and last token's place: generated code between them is shown as all of `tokens`.
pub(crate) fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let mut all = tokens.into_token_stream().into_iter();
    let first = all.next();
    let last = all.last();
    let start = first.as_ref().map_or_else(Span::call_site, TokenTree::span);
    (at(start), at(last.map_or(start, |t| t.span())))
}

/// The type without parentheses and without the invisible groups that `macro_rules` make.
pub(crate) fn peel(mut ty: &Type) -> &Type {
    loop {
        ty = match ty {
            Type::Group(group) => &group.elem,
            Type::Paren(paren) => &paren.elem,
            other => return other,
        }
    }
}

/// The `c::D<T>` of a type written as a path `a::b::c::D<T>`.
pub(crate) fn last_segment(ty: &Type) -> Option<&PathSegment> {
    match peel(ty) {
        Type::Path(path) => path.path.segments.last(),
        _ => None,
    }
}

/// Whether the type's last segment is `name`.
pub(crate) fn is_named(ty: &Type, name: &str) -> bool {
    last_segment(ty).is_some_and(|segment| segment.ident == name)
}

/// The type arguments of the type's last segment.
pub(crate) fn arguments(ty: &Type) -> Vec<&Type> {
    let Some(PathArguments::AngleBracketed(arguments)) = last_segment(ty).map(|s| &s.arguments) else {
        return Vec::new();
    };
    let types = arguments.args.iter().filter_map(|argument| match argument {
        GenericArgument::Type(ty) => Some(ty),
        _ => None,
    });
    types.collect()
}

/// Whether two pieces of code are written the same.
pub(crate) fn same(a: &impl ToTokens, b: &impl ToTokens) -> bool {
    text(a) == text(b)
}

/// Code as text, for messages: `Vec<u8>`, not `Vec < u8 >`.
pub(crate) fn text(code: &impl ToTokens) -> String {
    let mut text = code.to_token_stream().to_string();
    for (loose, tight) in
        [(" :: ", "::"), (" < ", "<"), ("< ", "<"), (" >", ">"), (" ,", ","), ("& ", "&"), (":: ", "::")]
    {
        text = text.replace(loose, tight);
    }
    text
}

/// The same tokens, shown at `span`.
pub(crate) fn respan(tokens: impl ToTokens, span: Span) -> TokenStream {
    let respan_one = |mut token: TokenTree| {
        if let TokenTree::Group(group) = &token {
            let mut inner = proc_macro2::Group::new(group.delimiter(), respan(group.stream(), span));
            inner.set_span(span);
            token = inner.into();
        } else {
            token.set_span(span);
        }
        token
    };
    tokens.into_token_stream().into_iter().map(respan_one).collect()
}

/// Braces doubled, as a format string wants them.
pub(crate) fn escaped(message: &str) -> String {
    message.replace('{', "{{").replace('}', "}}")
}
