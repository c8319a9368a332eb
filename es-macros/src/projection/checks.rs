use proc_macro2::TokenStream;
use quote::{format_ident, quote, quote_spanned};

use super::{handler::Handler, model::Model};
use crate::types::{current, ends, escaped, text};

/// What only all events together can get wrong.
pub(super) fn of(model: &Model) -> TokenStream {
    if model.handlers.len() < 2 {
        return TokenStream::new();
    }
    let categories = (!model.by_key()).then(|| categories(model));
    let repeated = repeated(model);
    quote!(#repeated #categories)
}

/// Each event has one handler, under whatever path it is written.
fn repeated(model: &Model) -> TokenStream {
    let Model { es, handlers, .. } = model;
    let count = handlers.len();
    let names = handlers.iter().enumerate().map(|(i, Handler { event, cfgs, .. })| {
        let (place, name) = (format_ident!("__ES_NAME_{i}"), current(es, event, "STORED_NAME"));
        if cfgs.is_empty() {
            return (TokenStream::new(), name);
        }
        // A handler that is not compiled keeps its place, without its event.
        let conditions = cfgs.iter().filter_map(|cfg| Some(&cfg.meta.require_list().ok()?.tokens));
        let name_or_none = quote! {
            #(#cfgs)*
            const #place: &::core::primitive::str = #name;
            #[cfg(not(all(#(all(#conditions)),*)))]
            const #place: &::core::primitive::str = #es::checks::UNKNOWN_NAME;
        };
        (name_or_none, quote!(#place))
    });
    let (places, names): (Vec<_>, Vec<_>) = names.unzip();
    let asserts = handlers.iter().enumerate().skip(1).map(|(i, Handler { name, event, cfgs, .. })| {
        let message = escaped(&format!(
            "`{}` has the stored name of an event that a handler before takes, so `{name}` would never run: do both in \
             one handler",
            text(event)
        ));
        let (start, _) = ends(event);
        let assert = quote_spanned!(start=> ::core::assert!(!__ES_REPEATED[#i], #message));
        quote!(#(#cfgs)* const _: () = #assert;)
    });
    quote! {
        #(#places)*
        #[allow(dead_code, reason = "the handlers that could repeat an event may not be compiled")]
        const __ES_REPEATED: [::core::primitive::bool; #count] = #es::checks::repeated([#(#names),*]);
        #(#asserts)*
    }
}

/// Without keys, all events are of one aggregate. Each is compared with those up to the first that is compiled in any
/// case, wherever both are compiled.
fn categories(model: &Model) -> TokenStream {
    let Model { es, itself, handlers, .. } = model;
    let always = handlers.iter().position(|handler| handler.cfgs.is_empty()).unwrap_or(handlers.len());
    let pairs = handlers.iter().enumerate().flat_map(|(i, later)| {
        handlers.iter().take(i.min(always.saturating_add(1))).map(move |earlier| (earlier, later))
    });
    let asserts = pairs.map(|(earlier, later)| {
        let [first, name] = [earlier, later].map(|handler| current(es, &handler.event, "STORED_NAME"));
        let (start, _) = ends(&later.event);
        let message = escaped(&format!(
            "`{}` is an event of another aggregate than `{}`, so the aggregate's id does not find the row: say by which key each handler of `{}` finds it, `#[on(key = ..)]`",
            text(&later.event), text(&earlier.event), text(itself)
        ));
        let (both, too) = (&earlier.cfgs, &later.cfgs);
        let assert = quote_spanned!(start=> ::core::assert!(#es::checks::same_category(#first, #name), #message));
        quote!(#(#both)* #(#too)* const _: () = #assert;)
    });
    asserts.collect()
}
