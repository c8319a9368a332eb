use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Arg, Model};
use crate::types::{associated, at, member};

/// The impls; nothing, if too little is known.
pub(super) fn expand(model: &Model<'_>, is_clean: bool) -> TokenStream {
    let (Some(query), Some(returned)) = (&model.query, &model.returned) else { return TokenStream::new() };
    let es = &model.es;
    let result = quote!(#es::query::QueryResult);
    let answer = associated("Output", &member(returned, result.clone(), "Answer"), returned);
    let error = associated("Error", &member(returned, result.clone(), "Error"), returned);
    let body = if is_clean {
        let (into_result, call) = (member(returned, result, "into_result"), call(model));
        quote!(#into_result(#call))
    } else {
        quote!(#es::checks::stub())
    };
    let projections = model.args.iter().filter_map(|arg| match arg {
        Arg::Views(projection) => Some(quote!(for<'__es> #projection: #es::checks::IsProjection<'__es>)),
        _ => None,
    });
    let reads = model.args.iter().filter_map(|arg| match arg {
        Arg::Views(projection) => Some(member(projection, quote!(#es::projection::Projection), "NAME")),
        _ => None,
    });
    let services = model.args.iter().filter_map(|arg| match arg {
        Arg::Service(ty) if is_clean => Some(quote!(#es::command::Provides<#ty>)),
        _ => None,
    });
    let cfgs = model.item.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    let method = quote_spanned!(at(model.item.sig.ident.span())=> answer);
    quote! {
        #(#cfgs)*
        const _: () = {
            #[automatically_derived]
            impl #es::query::Query for #query {
                #answer
                #error
                const READS: &'static [&'static ::core::primitive::str] = &[#(#reads),*];
            }
            #[automatically_derived]
            impl<__EsServices> #es::query::Answer<__EsServices> for #query
            where
                __EsServices: ::core::marker::Send + ::core::marker::Sync #(+ #services)*,
                #(#projections,)*
                for<'__es> #returned: #es::checks::IsQueryResult<'__es>,
            {
                #[allow(unused_variables, reason = "a handler need not look at everything")]
                async fn #method(
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

/// Calls the handler.
fn call(model: &Model<'_>) -> TokenStream {
    let es = &model.es;
    let name = &model.item.sig.ident;
    let args = model.args.iter().map(|arg| match arg {
        Arg::Views(projection) => quote!(&#es::query::ViewSet::of::<#projection>(__es_views)?),
        Arg::Query => quote!(self),
        Arg::Service(ty) => quote!(<__EsServices as #es::command::Provides<#ty>>::service(__es_services)),
    });
    let wait = model.item.sig.asyncness.map(|_| quote!(.await));
    quote!(#name(#(#args),*) #wait)
}
