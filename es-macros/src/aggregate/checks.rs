use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Event, Model};
use crate::types::{current, ends, escaped, text};

/// What only all events together can get wrong.
pub(super) fn of(model: &Model<'_>) -> TokenStream {
    let Model { es, .. } = model;
    let Some(category) = &model.category else { return TokenStream::new() };
    let ident = &model.input.ident;
    let names: Vec<_> = model.events.iter().map(|event| current(es, &event.ty, "STORED_NAME")).collect();
    let count = names.len();
    let asserts = model.events.iter().zip(&names).enumerate().map(|(i, (Event { ty, .. }, name))| {
        let event = text(ty);
        let (start, _) = ends(ty);
        let category_name = category.value();
        let elsewhere = escaped(&format!(
            "`{event}` is not stored under `{category_name}`, the category of `{ident}`: an event belongs to one aggregate; write `#[event(\"{category_name}.<name>\")]` on `{event}`, or remove it from `events(..)`"
        ));
        let twice = escaped(&format!(
            "`{event}` has the stored name of another event of `{ident}`: write `#[event(\"{category_name}.<name>\")]` with a name of its own on `{event}`"
        ));
        let in_category = quote_spanned!(start=> ::core::assert!(#es::checks::in_category(#name, #category), #elsewhere));
        let unique = quote_spanned!(start=> ::core::assert!(!__ES_REPEATED[#i], #twice));
        quote! {
            const _: () = #in_category;
            const _: () = #unique;
        }
    });
    quote! {
        const __ES_REPEATED: [::core::primitive::bool; #count] = #es::checks::repeated([#(#names),*]);
        #(#asserts)*
    }
}
