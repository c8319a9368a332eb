use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, format_ident, quote, quote_spanned};
use syn::{Ident, ReturnType, Type};

use super::{
    checks,
    handler::{Handler, Row},
    model::Model,
};
use crate::types::{current, ends};

/// The impls; nothing, if too little is known.
pub(super) fn expand(model: &Model, is_clean: bool) -> TokenStream {
    let (Some(view), Some(key)) = (&model.view, &model.key) else { return TokenStream::new() };
    let variants: Vec<Ident> = (0..model.handlers.len()).map(|i| format_ident!("Event{i}")).collect();
    let parts = Parts { model, handlers: model.handlers.iter().zip(variants).collect(), is_clean };
    let (input, projection) = (parts.input(), parts.projection());
    let checks = is_clean.then(|| checks::of(model));
    let view_projection = parts.view_projection(view, key);
    quote! {
        const _: () = {
            #input
            #projection
            #view_projection
            #checks
        };
    }
}

struct Parts<'a> {
    model: &'a Model,
    handlers: Vec<(&'a Handler, Ident)>,
    is_clean: bool,
}

impl Parts<'_> {
    fn input(&self) -> TokenStream {
        let variants = self
            .handlers
            .iter()
            .map(|(Handler { event, cfgs, .. }, variant)| quote!(#(#cfgs)* #variant(#event)));
        quote! {
            #[doc(hidden)]
            #[allow(private_interfaces, missing_debug_implementations, reason = "nobody can name it")]
            pub enum __EsInput { #(#variants,)* }
        }
    }

    fn projection(&self) -> TokenStream {
        let Model { es, itself, failure, .. } = self.model;
        let name = self
            .model
            .name
            .as_ref()
            .map_or_else(|| quote!(#es::checks::UNKNOWN_NAME), ToTokens::to_token_stream);
        let subscribed = self.handlers.iter().map(|(handler, _)| {
            let (subscribed, cfgs) = (current(es, &handler.event, "SUBSCRIBED"), &handler.cfgs);
            quote!(#(#cfgs)* #subscribed)
        });
        let then = if failure.stop { quote!(Stop) } else { quote!(Park) };
        let retries = failure
            .retries
            .map_or_else(|| quote!(#es::projection::FailurePolicy::DEFAULT.retries), |r| quote!(#r));
        quote! {
            #[automatically_derived]
            impl #es::projection::Projection for #itself {
                type Style = #es::projection::style::View;
                const NAME: &'static ::core::primitive::str = #name;
                const SUBSCRIPTIONS: &'static [#es::projection::Subscribed] = &[#(#subscribed),*];
                const FAILURE: #es::projection::FailurePolicy = #es::projection::FailurePolicy {
                    retries: #retries,
                    then: #es::projection::OnFailure::#then,
                };
            }
        }
    }

    fn view_projection(&self, view: &Type, key: &Type) -> TokenStream {
        let Model { es, itself, .. } = self.model;
        let keying = if self.model.by_key() { quote!(ByKey) } else { quote!(ByAggregate) };
        let uses_metadata = self.model.handlers.iter().any(|h| h.metadata.is_some());
        let read = self.handlers.iter().map(|(Handler { event, cfgs, .. }, variant)| {
            let (name, read) = (current(es, event, "STORED_NAME"), current(es, event, "read"));
            quote! {
                #(#cfgs)*
                #name => ::core::result::Result::map(
                    #read(__es_event.version, __es_codec, __es_event.payload),
                    |__es_event| ::core::option::Option::Some(__EsInput::#variant(__es_event)),
                )
            }
        });
        let key_fn = self.model.by_key().then(|| self.key(key));
        let fold = self.fold();
        quote! {
            #[automatically_derived]
            impl #es::projection::ViewProjection for #itself {
                type View = #view;
                type Key = #key;
                type Keying = #es::projection::keying::#keying;
                type Input = __EsInput;
                const USES_METADATA: ::core::primitive::bool = #uses_metadata;
                #[allow(unreachable_patterns, unused_variables, reason = "equal names are reported below")]
                fn decode(
                    &self,
                    __es_event: &#es::event::RawEvent<'_>,
                    __es_codec: #es::event::Codec,
                ) -> ::core::result::Result<::core::option::Option<__EsInput>, #es::event::DecodeError> {
                    match __es_event.name {
                        #(#read,)*
                        _ => ::core::result::Result::Ok(::core::option::Option::None),
                    }
                }
                #key_fn
                #[allow(unused_variables, reason = "not every handler takes the metadata")]
                fn fold(
                    &self,
                    __es_view: &mut #view,
                    __es_input: &__EsInput,
                    __es_metadata: &#es::event::Metadata,
                ) -> ::core::result::Result<(), #es::store::BoxError> {
                    #fold
                }
            }
        }
    }

    fn key(&self, key: &Type) -> TokenStream {
        let es = &self.model.es;
        // The keys are expressions of the user's: they must not see, nor hide, what is local here.
        let local = |name| Ident::new(name, Span::mixed_site());
        let (input, event_local) = (local("input"), local("event"));
        let (metadata_local, out) = (local("metadata"), local("out"));
        let arms = self.handlers.iter().map(|(handler, variant)| {
            let Handler { event, event_pattern, cfgs, .. } = handler;
            let body = match &handler.row {
                Some(Row::Key(expr)) => {
                    let (start, end) = ends(expr);
                    let write = quote_spanned!(start=> #es::projection::write_key::<#key>);
                    let borrow = quote_spanned!(start=> &);
                    let value = quote_spanned!(end=> (#expr));
                    let metadata = handler
                        .metadata
                        .as_ref()
                        .map(|(pattern, ty)| quote!(let #pattern: &#ty = #metadata_local;));
                    quote! {
                        let #event_pattern: &#event = #event_local;
                        #metadata
                        #write(#borrow #value, #out)
                    }
                }
                _ => quote!(#out.push_str(&#metadata_local.aggregate_id)),
            };
            quote!(#(#cfgs)* __EsInput::#variant(#event_local) => { #body })
        });
        let body =
            if self.is_clean { quote!(match #input { #(#arms)* }) } else { quote!(#es::checks::stub()) };
        quote! {
            #[allow(unused_variables, unused_mut, unused_parens, reason = "a key need not look at every parameter")]
            fn key(
                &self,
                #input: &__EsInput,
                #metadata_local: &#es::event::Metadata,
                #out: &mut ::std::string::String,
            ) {
                #body
            }
        }
    }

    fn fold(&self) -> TokenStream {
        let es = &self.model.es;
        if !self.is_clean || self.handlers.is_empty() {
            return quote!(#es::checks::stub());
        }
        let arms = self.handlers.iter().map(|(handler, variant)| {
            let Handler { name, view, cfgs, output, .. } = handler;
            let (view, event) = (shown("__es_view", view), shown("__es_event", &handler.event));
            let metadata = handler.metadata.as_ref().map(|(_, ty)| shown("__es_metadata", ty));
            let returned = match output {
                ReturnType::Default => quote!(()),
                ReturnType::Type(_, ty) => quote!(#ty),
            };
            quote! {
                #(#cfgs)*
                __EsInput::#variant(__es_event) => <#returned as #es::projection::FoldResult>::into_fold(
                    Self::#name(#view, #event, #metadata)
                )
            }
        });
        quote!(match __es_input { #(#arms,)* })
    }
}

/// A local, shown where the parameter's type is written: a type that does not fit is an error there.
fn shown(name: &str, ty: &Type) -> Ident {
    Ident::new(name, ends(ty).0)
}
