use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::parse_quote;

use super::model::{Arg, Model};
use crate::types::{associated, at, ends, member};

/// The impls; nothing, if too little is known.
pub(super) fn expand(model: &Model<'_>, is_clean: bool) -> TokenStream {
    let (Some(aggregate), Some(command)) = (&model.aggregate, &model.command) else {
        return TokenStream::new();
    };
    let Model { es, creates, .. } = model;
    let result = quote!(#es::command::CommandResult<#aggregate>);
    // An unknown result stands for one that is right, so that only its absence is reported.
    let returned = model
        .returned
        .clone()
        .unwrap_or_else(|| parse_quote!(::core::result::Result<(), ::core::convert::Infallible>));
    let error = associated("Error", &member(&returned, result.clone(), "Error"), &returned);
    let body = if is_clean {
        let (into_events, call) = (member(&returned, result, "into_events"), call(model));
        quote!(#into_events(#call))
    } else {
        quote!(#es::checks::stub())
    };
    let services = model.args.iter().filter_map(|arg| match arg {
        Arg::Service(ty) if is_clean => Some(quote!(#es::command::Provides<#ty>)),
        _ => None,
    });
    let cfgs = model.item.attrs.iter().filter(|a| a.path().is_ident("cfg"));
    let name = &model.item.sig.ident;
    let decide = quote_spanned!(at(name.span())=> decide);
    quote! {
        #(#cfgs)*
        const _: () = {
            #[automatically_derived]
            impl #es::command::Command for #command {
                type Aggregate = #aggregate;
                #error
                const CREATES: ::core::primitive::bool = #creates;
            }
            #[automatically_derived]
            impl<__EsServices> #es::command::Decide<__EsServices> for #command
            where
                __EsServices: ::core::marker::Send + ::core::marker::Sync #(+ #services)*,
                for<'__es> #aggregate: #es::checks::IsAggregate<'__es>,
                for<'__es> #returned: #es::checks::IsCommandResult<'__es, #aggregate>,
            {
                #[allow(unused_variables, reason = "a handler need not look at everything")]
                async fn #decide(
                    &self,
                    __es_state: &#aggregate,
                    __es_cx: &#es::command::CommandContext<#aggregate>,
                    __es_services: &__EsServices,
                ) -> ::core::result::Result<
                    ::std::vec::Vec<<#aggregate as #es::aggregate::Aggregate>::Event>,
                    <Self as #es::command::Command>::Error,
                > {
                    #body
                }
            }
        };
    }
}

/// Calls the handler.
fn call(model: &Model<'_>) -> TokenStream {
    let Model { es, .. } = model;
    let name = &model.item.sig.ident;
    let args = model.args.iter().map(|arg| match arg {
        Arg::State => quote!(__es_state),
        Arg::Command => quote!(self),
        Arg::Context(ty) => {
            let (start, _) = ends(ty);
            quote_spanned!(start=> __es_cx)
        }
        Arg::Service(ty) => quote!(<__EsServices as #es::command::Provides<#ty>>::service(__es_services)),
    });
    let wait = model.item.sig.asyncness.map(|_| quote!(.await));
    quote!(#name(#(#args),*) #wait)
}
