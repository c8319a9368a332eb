//! `#[command_handler]`.

mod expand;
mod model;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ItemFn;

use crate::diag::Diag;

pub(crate) fn command_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    let mut diag = Diag::default();
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        diag.error(&item, "`#[command_handler]` belongs on a free function: `fn name(state: &MyAggregate, cmd: &MyCommand) -> Result<MyEvent, MyError>`");
        return [item, diag.into_tokens()].into_iter().collect();
    };
    let model = model::Model::read(attribute, &function, &mut diag);
    // The function is kept as written, so that it can be tested by calling it. With `self` it would be an
    // error of its own.
    let mut tokens =
        if function.sig.receiver().is_some() { TokenStream::new() } else { function.to_token_stream() };
    tokens.extend(expand::expand(&model, diag.is_clean()));
    tokens.extend(diag.into_tokens());
    tokens
}
