use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};

use super::model::{Arg, Model};
use crate::{
    signature::Output,
    types::{at, ends},
};

/// The impls; nothing, if too little is known.
pub(super) fn expand(model: &Model<'_>, is_clean: bool) -> TokenStream {
    let (Some(aggregate), Some(command)) = (&model.aggregate, &model.command) else {
        return TokenStream::new();
    };
    let Model { es, creates, .. } = model;
    let error = match &model.output {
        Some(output) => error(output, es),
        None => quote!(::core::convert::Infallible),
    };
    let body = match &model.output {
        Some(output) if is_clean => body(model, aggregate, output),
        _ => quote!(#es::checks::stub()),
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
                type Error = #error;
                const CREATES: ::core::primitive::bool = #creates;
            }
            #[automatically_derived]
            impl<__EsServices> #es::command::Decide<__EsServices> for #command
            where
                __EsServices: ::core::marker::Send + ::core::marker::Sync #(+ #services)*
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

/// The error's type, shown where it is written.
fn error(output: &Output, es: &syn::Path) -> TokenStream {
    let (ty, (start, end)) = (&output.ty, output.err);
    let open = quote_spanned!(start=> <#ty as #es::command::HandlerResult>);
    let close = quote_spanned!(end=> ::Err);
    quote!(#open #close)
}

fn body(model: &Model<'_>, aggregate: &syn::Type, output: &Output) -> TokenStream {
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
    let ty = &output.ty;
    let (start, end) = output.ok;
    let open = quote_spanned!(start=> <<#ty as #es::command::HandlerResult>::Ok as #es::aggregate::IntoEvents<#aggregate>>);
    let close = quote_spanned!(end=> ::into_events);
    quote! {
        #es::checks::collect(
            <#ty as #es::command::HandlerResult>::into_result(#name(#(#args),*) #wait),
            #open #close,
        )
    }
}
