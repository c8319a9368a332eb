//! `#[derive(Event)]` and `#[derive(PastEvent)]`.

mod expand;
mod locked;
mod model;

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
    entry::derive(input, |input, diag| {
        let model = Model::read(kind, input, diag);
        expand::expand(kind, &model, diag)
    })
}
