//! `#[derive(Aggregate)]`.

mod checks;
mod expand;
mod fork;
mod kept;
mod model;

use proc_macro2::TokenStream;

use crate::entry;

pub(crate) fn derive_aggregate(input: TokenStream) -> TokenStream {
    entry::derive(input, |input, diag| {
        let model = model::Model::read(input, diag);
        expand::expand(&model, diag.is_clean())
    })
}
