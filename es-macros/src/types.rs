//! Looking at types as they are written.

use proc_macro2::{Span, TokenStream, TokenTree};
use quote::{ToTokens, quote, quote_spanned};
use syn::{FieldsUnnamed, GenericArgument, Ident, Path, PathArguments, PathSegment, Type};

/// A place for generated code: shown as `span`, but resolved where the macro was called.
pub(crate) fn at(span: Span) -> Span {
    Span::call_site().located_at(span)
}

/// The first and last token's place: generated code between them is shown as all of `tokens`.
pub(crate) fn ends(tokens: impl ToTokens) -> (Span, Span) {
    let (start, end) = raw_ends(tokens);
    (at(start), at(end))
}

/// The same, as it is: in the user's own code, not in the macro's.
fn raw_ends(tokens: impl ToTokens) -> (Span, Span) {
    let mut all = tokens.into_token_stream().into_iter();
    let first = all.next();
    let last = all.last();
    let start = first.as_ref().map_or_else(Span::call_site, TokenTree::span);
    (start, last.map_or(start, |t| t.span()))
}

/// `<ty as path>::name`, shown at `ty`.
///
/// The same wherever it is used, down to the spans, so that the compiler reports a `ty` that does not implement
/// the trait once.
pub(crate) fn member(ty: &Type, path: TokenStream, name: &str) -> TokenStream {
    let (start, end) = raw_ends(ty);
    let name = Ident::new(name, end);
    let open = quote_spanned!(start=> <#ty as #path);
    let close = quote_spanned!(end=> >::#name);
    quote!(#open #close)
}

/// `type name = value;`, shown at `ty`, which is what can be wrong with the value.
pub(crate) fn associated(name: &str, value: &TokenStream, ty: &Type) -> TokenStream {
    let (start, end) = raw_ends(ty);
    let name = Ident::new(name, end);
    let keyword = quote_spanned!(start=> type);
    let rest = quote_spanned!(end=> #name = #value;);
    quote!(#keyword #rest)
}

/// `<E as Current>::member`.
pub(crate) fn current(es: &Path, event: &Type, name: &str) -> TokenStream {
    member(event, quote!(#es::event::stored::Current), name)
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

/// The fields of a tuple struct with names, for messages.
pub(crate) fn with_names(fields: &FieldsUnnamed) -> String {
    let fields = fields.unnamed.iter().enumerate();
    fields.map(|(i, field)| format!("field{i}: {}", text(&field.ty))).collect::<Vec<_>>().join(", ")
}

/// Braces doubled, as a format string wants them.
pub(crate) fn escaped(message: &str) -> String {
    message.replace('{', "{{").replace('}', "}}")
}
