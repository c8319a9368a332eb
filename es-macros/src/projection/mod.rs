//! `#[projection]`.

mod checks;
mod expand;
mod handler;
mod model;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ItemImpl;

use crate::{diag::Diag, entry};

const PLACE: &str = "`#[projection]` belongs on an `impl` block: `impl MyProjection { fn on_event(view: &mut MyView, e: &MyEvent) { .. } }`";

pub(crate) fn projection(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let Ok(mut block) = syn::parse2::<ItemImpl>(item.clone()) else {
        return entry::misplaced(item, PLACE);
    };
    let mut diag = Diag::default();
    let model = model::Model::read(attribute, &mut block, &mut diag);
    let mut tokens = block.to_token_stream();
    tokens.extend(expand::expand(&model, diag.is_clean()));
    tokens.extend(diag.into_tokens());
    tokens
}
