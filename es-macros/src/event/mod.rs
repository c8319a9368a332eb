//! `#[derive(Event)]` and `#[derive(PastEvent)]`.

mod expand;
mod model;
mod serde_attrs;

use proc_macro2::TokenStream;
use syn::DeriveInput;

use crate::diag::Diag;
use model::{Kind, Model};

pub(crate) fn derive_event(input: &DeriveInput) -> TokenStream {
    derive(Kind::Current, input)
}

pub(crate) fn derive_past_event(input: &DeriveInput) -> TokenStream {
    derive(Kind::Past, input)
}

fn derive(kind: Kind, input: &DeriveInput) -> TokenStream {
    let mut diag = Diag::default();
    let model = Model::read(kind, input, &mut diag);
    let mut tokens = expand::expand(kind, &model);
    tokens.extend(diag.into_tokens());
    tokens
}
