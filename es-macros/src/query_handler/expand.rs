use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Arg, Model};
use crate::types::at;

/// The impls; nothing, if too little is known.
pub(super) fn expand(model: &Model<'_>, is_clean: bool) -> TokenStream {
    let (Some(query), Some(output)) = (&model.query, &model.output) else { return TokenStream::new() };
    let es = &model.es;
    let returned = &output.ty;
    let error = {
        let (start, end) = output.err;
        let open = quote_spanned!(start=> <#returned as #es::command::HandlerResult>);
        let close = quote_spanned!(end=> ::Err);
        quote!(#open #close)
    };
    let ok = {
        let (start, end) = output.ok;
        let open = quote_spanned!(start=> <#returned as #es::command::HandlerResult>);
        let close = quote_spanned!(end=> ::Ok);
        quote!(#open #close)
    };
    let reads = model.args.iter().filter_map(|arg| match arg {
        Arg::Views(projection) => Some(quote!(<#projection as #es::projection::Projection>::NAME)),
        _ => None,
    });
    let services = model.args.iter().filter_map(|arg| match arg {
        Arg::Service(ty) if is_clean => Some(quote!(#es::command::Provides<#ty>)),
        _ => None,
    });
    let body = if is_clean { body(model, returned) } else { quote!(#es::checks::stub()) };
    let cfgs = model.item.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    let answer = quote_spanned!(at(model.item.sig.ident.span())=> answer);
    quote! {
        #(#cfgs)*
        const _: () = {
            #[automatically_derived]
            impl #es::query::Query for #query {
                type Output = #ok;
                type Error = #error;
                const READS: &'static [&'static ::core::primitive::str] = &[#(#reads),*];
            }
            #[automatically_derived]
            impl<__EsServices> #es::query::Answer<__EsServices> for #query
            where
                __EsServices: ::core::marker::Send + ::core::marker::Sync #(+ #services)*
            {
                #[allow(unused_variables, reason = "a handler need not look at everything")]
                async fn #answer(
                    &self,
                    __es_views: &#es::query::ViewSet,
                    __es_services: &__EsServices,
                ) -> ::core::result::Result<
                    <Self as #es::query::Query>::Output,
                    <Self as #es::query::Query>::Error,
                > {
                    #body
                }
            }
        };
    }
}

fn body(model: &Model<'_>, returned: &syn::Type) -> TokenStream {
    let es = &model.es;
    let name = &model.item.sig.ident;
    let args = model.args.iter().map(|arg| match arg {
        Arg::Views(projection) => quote!(&#es::checks::views::<Self, #projection>(__es_views)?),
        Arg::Query => quote!(self),
        Arg::Service(ty) => quote!(<__EsServices as #es::command::Provides<#ty>>::service(__es_services)),
    });
    let wait = model.item.sig.asyncness.map(|_| quote!(.await));
    quote!(<#returned as #es::command::HandlerResult>::into_result(#name(#(#args),*) #wait))
}
