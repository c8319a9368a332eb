//! `#[derive(EventSchema)]`, and the shape of an event's struct.

mod case;
mod field;
mod recursion;
pub(crate) mod serde_attrs;
mod shape;

use proc_macro2::TokenStream;
use quote::quote;
use syn::{DeriveInput, GenericParam, Ident, Path, ext::IdentExt, parse_quote};

use crate::{args, diag::Diag, entry};
use serde_attrs::Place;

pub(crate) fn derive_event_schema(input: TokenStream) -> TokenStream {
    entry::derive(input, |input, diag| {
        let mut es = args::default_crate();
        if let Some(attr) = args::attribute(&input.attrs, "event_schema", diag) {
            let text = args::read(args::inside(attr), &["crate"], diag, |_, value| {
                es = args::equals_path(value)?;
                Ok(())
            });
            if let Some(text) = text {
                diag.error(text, "there is no text here: the keys are `crate`");
            }
        }
        let body = impls(input, Place::Type, &es, diag);
        quote!(const _: () = { #body };)
    })
}

/// The impl of `EventSchema`, with what it needs beside it.
pub(crate) fn impls(input: &DeriveInput, place: Place, es: &Path, diag: &mut Diag) -> TokenStream {
    let ident = &input.ident;
    let mut again = recursion::Again::new(&input.generics);
    let shape = shape::of(input, place, es, &mut again, diag);
    let mut generics = input.generics.clone();
    for param in &mut generics.params {
        if let GenericParam::Type(param) = param {
            param.bounds.push(parse_quote!(#es::schema::EventSchema));
        }
    }
    let (params, arguments, clause) = generics.split_for_impl();
    let again = again.declare(es);
    quote! {
        #again
        #[automatically_derived]
        impl #params #es::schema::EventSchema for #ident #arguments #clause {
            const SCHEMA: &'static #es::schema::Schema = #shape;
        }
    }
}

/// `type` for `r#type`.
fn unraw(ident: &Ident) -> String {
    ident.unraw().to_string()
}
