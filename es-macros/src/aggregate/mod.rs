//! `#[derive(Aggregate)]`.

mod expand;
mod fork;
mod model;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diag::Diag;

pub(crate) fn derive_aggregate(input: &DeriveInput) -> TokenStream {
    let mut diag = Diag::default();
    let model = model::Model::read(input, &mut diag);
    let mut tokens = expand::expand(&model, diag.is_clean());
    tokens.extend(diag.into_tokens());
    tokens
}
