use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};
use syn::{Data, Fields, Path};

use crate::types::{at, ends};

/// The body of `fork`: a copy, field by field, so that the type itself need not be `Clone`.
///
/// Each copy names the field's type, so that a type without `Clone` is an error there.
pub(super) fn body(data: &Data, es: &Path) -> TokenStream {
    match data {
        Data::Struct(data) => {
            let (pattern, copy) = copy(&data.fields);
            quote!(match self { Self #pattern => Self #copy })
        }
        Data::Enum(data) if data.variants.is_empty() => quote!(match *self {}),
        Data::Enum(data) => {
            let arms = data.variants.iter().map(|variant| {
                let ident = &variant.ident;
                let (pattern, copy) = copy(&variant.fields);
                quote!(Self::#ident #pattern => Self::#ident #copy)
            });
            quote!(match self { #(#arms,)* })
        }
        Data::Union(_) => quote!(#es::checks::stub()),
    }
}

/// The pattern that takes the fields, and the expression that has copies of them.
fn copy(fields: &Fields) -> (TokenStream, TokenStream) {
    let locals: Vec<_> = (0..fields.len()).map(|i| format_ident!("__es_{i}")).collect();
    let copies = fields.iter().zip(&locals).map(|(field, local)| {
        let ty = &field.ty;
        let (start, end) = ends(ty);
        let call = quote_spanned!(at(start)=> <#ty as ::core::clone::Clone>::clone);
        let argument = quote_spanned!(end=> (#local));
        quote!(#call #argument)
    });
    match fields {
        Fields::Named(named) => {
            let names: Vec<_> = named.named.iter().map(|f| &f.ident).collect();
            (quote!({ #(#names: #locals),* }), quote!({ #(#names: #copies),* }))
        }
        Fields::Unnamed(_) => (quote!((#(#locals),*)), quote!((#(#copies),*))),
        Fields::Unit => (TokenStream::new(), TokenStream::new()),
    }
}
