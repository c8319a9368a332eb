//! `#[derive(Event)]` and `#[derive(PastEvent)]`.

mod expand;
mod model;
mod serde_attrs;

use proc_macro2::TokenStream;

use crate::entry;
use model::{Kind, Model};

pub(crate) fn derive_event(input: TokenStream) -> TokenStream {
    derive(Kind::Current, input)
}

pub(crate) fn derive_past_event(input: TokenStream) -> TokenStream {
    derive(Kind::Past, input)
}

fn derive(kind: Kind, input: TokenStream) -> TokenStream {
    entry::derive(input, |input, diag| expand::expand(kind, &Model::read(kind, input, diag)))
}
