//! How macros begin and end: they read an item, and emit what they made of it and every mistake.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{DeriveInput, ItemFn};

use crate::diag::Diag;

/// A derive.
pub(crate) fn derive(
    input: TokenStream,
    make: impl FnOnce(&DeriveInput, &mut Diag) -> TokenStream,
) -> TokenStream {
    let input = match syn::parse2(input) {
        Ok(input) => input,
        Err(error) => return error.into_compile_error(),
    };
    let mut diag = Diag::default();
    let mut tokens = make(&input, &mut diag);
    tokens.extend(diag.into_tokens());
    tokens
}

/// An attribute of a free function. `place` says where it belongs.
pub(crate) fn function(
    item: TokenStream,
    place: &str,
    make: impl FnOnce(&ItemFn, &mut Diag) -> TokenStream,
) -> TokenStream {
    let mut diag = Diag::default();
    let Ok(function) = syn::parse2::<ItemFn>(item.clone()) else {
        return misplaced(item, place);
    };
    // The function is kept as written, so that it can be tested by calling it. With `self` it would be an
    // error of its own.
    let mut tokens =
        if function.sig.receiver().is_some() { TokenStream::new() } else { function.to_token_stream() };
    tokens.extend(make(&function, &mut diag));
    tokens.extend(diag.into_tokens());
    tokens
}

/// An attribute on an item that it does not belong on: `place` says on which it does.
pub(crate) fn misplaced(item: TokenStream, place: &str) -> TokenStream {
    let error = syn::Error::new_spanned(&item, place).into_compile_error();
    [item, error].into_iter().collect()
}
