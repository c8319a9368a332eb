use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse_quote;

use super::{
    locked,
    model::{Kind, Model},
};
use crate::diag::Diag;
use crate::event_schema::{self, serde_attrs::Place};
use crate::types::{at, ends, escaped, text};

pub(super) fn expand(kind: Kind, model: &Model<'_>, diag: &mut Diag) -> TokenStream {
    let Model { input, es, version, .. } = model;
    let ident = &input.ident;
    let unknown = quote!(#es::checks::UNKNOWN_NAME);
    let name = model.name.as_ref().map_or(unknown, |name| quote!(#name));
    let (upcast, decode) = match &model.from {
        Some(from) if model.name.is_some() && *version > 1 => from_past(model, from),
        _ => (None, quote!(#es::event::stored::decode(__es_version, __es_codec, __es_bytes))),
    };
    // Generics have been refused; the impls have them all the same, so that nothing else is reported.
    let mut generics = input.generics.clone();
    if !generics.params.is_empty() {
        let itself = quote!(#ident);
        let (_, arguments, _) = input.generics.split_for_impl();
        let clause = generics.make_where_clause();
        clause.predicates.push(parse_quote!(#itself #arguments: #es::event::stored::Storable + ::core::marker::Send + ::core::marker::Sync + 'static));
    }
    let (params, arguments, clause) = generics.split_for_impl();
    let newest = (kind == Kind::Current).then(|| {
        quote! {
            #[automatically_derived]
            impl #params #es::event::stored::Newest for #ident #arguments #clause {}
        }
    });
    let schema = model.is_one_shape().then(|| {
        let impls = event_schema::impls(input, Place::Event, es, diag);
        let checks = diag.is_clean().then(|| locked::checks(kind, model, diag));
        quote!(#impls #checks)
    });
    quote! {
        const _: () = {
            #upcast
            #schema
            #[automatically_derived]
            impl #params #es::event::StoredEvent for #ident #arguments #clause {
                const NAME: &'static ::core::primitive::str = #name;
                const VERSION: ::core::primitive::u32 = #version;
                fn decode(
                    __es_version: ::core::primitive::u32,
                    __es_codec: #es::event::Codec,
                    __es_bytes: &[::core::primitive::u8],
                ) -> ::core::result::Result<Self, #es::event::DecodeError> {
                    #decode
                }
            }
            #newest
        };
    }
}

/// The way from the version before, checked, and the call that takes it.
fn from_past(model: &Model<'_>, from: &syn::Type) -> (Option<TokenStream>, TokenStream) {
    let Model { input, es, version, .. } = model;
    let ident = &input.ident;
    let stored = model.name.as_ref().map(syn::LitStr::value).unwrap_or_default();
    let (start, end) = ends(from);
    let message = escaped(&format!(
        "`{past}` is not the version before `{ident}`: it must have `#[event(\"{stored}\", version = {before})]`",
        past = text(from),
        before = version.saturating_sub(1),
    ));
    let made = quote_spanned!(start=> #es::event::stored::Upcast::<#ident>::from::<#from>);
    let call = quote_spanned!(end=> ());
    let condition = quote_spanned!(at(start)=> __ES_PAST.leads_to(#stored, #version));
    let check = quote_spanned!(start=> ::core::assert!(#condition, #message););
    let upcast = quote! {
        const __ES_PAST: #es::event::stored::Upcast<#ident> = #made #call;
        const _: () = #check
    };
    (Some(upcast), quote!(#es::event::stored::decode_from(&__ES_PAST, __es_version, __es_codec, __es_bytes)))
}
