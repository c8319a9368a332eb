use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Attribute, DeriveInput, Generics, parse_quote};

use super::{
    checks, fork,
    model::{Event, Model},
};
use crate::types::{at, current, ends, respan, text};

pub(super) fn expand(model: &Model<'_>, is_clean: bool) -> TokenStream {
    let parts = Parts::of(model);
    let (definition, set) = (definition(model), parts.event_set());
    let members = model.events.iter().map(|event| parts.member(event));
    let (aggregate, checks) = (parts.aggregate(is_clean), checks::of(model));
    quote! {
        #definition
        const _: () = {
            #set
            #(#members)*
            #aggregate
            #checks
        };
    }
}

/// The enum of events.
fn definition(model: &Model<'_>) -> TokenStream {
    let (vis, name) = (respan(&model.input.vis, Span::call_site()), model.enum_name());
    let doc = format!("The events of [`{}`].", model.input.ident);
    let variants = model.events.iter().map(|Event { ty, variant }| {
        let doc = format!("[`{}`]", text(ty));
        quote!(#[doc = #doc] #variant(#ty))
    });
    quote! {
        #[doc = #doc]
        #[allow(private_interfaces, reason = "an event may be less visible than its aggregate")]
        #vis enum #name { #(#variants,)* }
    }
}

struct Parts<'a> {
    model: &'a Model<'a>,
    es: &'a syn::Path,
    name: syn::Ident,
    /// Empty, unless they were refused: then the state has its impl all the same, so that little else is
    /// reported.
    generics: Generics,
}

impl<'a> Parts<'a> {
    fn of(model: &'a Model<'a>) -> Self {
        let ident = &model.input.ident;
        let mut generics = model.input.generics.clone();
        if !generics.params.is_empty() {
            let (_, arguments, _) = model.input.generics.split_for_impl();
            let bound = parse_quote!(#ident #arguments: ::core::default::Default + ::core::marker::Send + ::core::marker::Sync + 'static);
            generics.make_where_clause().predicates.push(bound);
        }
        Self { model, es: &model.es, name: model.enum_name(), generics }
    }

    fn event_set(&self) -> TokenStream {
        let Self { es, name, .. } = self;
        let by_variant = |member: &str, event: TokenStream, arguments: TokenStream| {
            let arms = self.model.events.iter().map(|Event { ty, variant }| {
                let member = current(es, ty, member);
                quote!(Self::#variant(#event) => #member #arguments)
            });
            let arms: Vec<_> = arms.collect();
            if arms.is_empty() { quote!(match *self {}) } else { quote!(match self { #(#arms,)* }) }
        };
        let stored_name = by_variant("STORED_NAME", quote!(_), TokenStream::new());
        let stored_version = by_variant("STORED_VERSION", quote!(_), TokenStream::new());
        let write = by_variant("write", quote!(__es_event), quote!((__es_event, __es_codec, __es_out)));
        let read = self.model.events.iter().map(|Event { ty, variant }| {
            let (name, read) = (current(es, ty, "STORED_NAME"), current(es, ty, "read"));
            quote! {
                #name => ::core::result::Result::map(
                    #read(__es_version, __es_codec, __es_bytes),
                    Self::#variant,
                )
            }
        });
        quote! {
            #[automatically_derived]
            impl #es::event::EventSet for #name {
                fn name(&self) -> &'static ::core::primitive::str {
                    #stored_name
                }
                fn version(&self) -> ::core::primitive::u32 {
                    #stored_version
                }
                #[allow(unused_variables, reason = "an aggregate may have no events while it is written")]
                fn encode(
                    &self,
                    __es_codec: #es::event::Codec,
                    __es_out: &mut ::std::vec::Vec<::core::primitive::u8>,
                ) -> ::core::result::Result<(), #es::event::EncodeError> {
                    #write
                }
                #[allow(unreachable_patterns, unused_variables, reason = "equal names are reported below")]
                fn decode(
                    __es_name: &::core::primitive::str,
                    __es_version: ::core::primitive::u32,
                    __es_codec: #es::event::Codec,
                    __es_bytes: &[::core::primitive::u8],
                ) -> ::core::result::Result<Self, #es::event::DecodeError> {
                    match __es_name {
                        #(#read,)*
                        _ => ::core::result::Result::Err(#es::event::stored::unknown(__es_name)),
                    }
                }
            }
            #[automatically_derived]
            impl ::core::fmt::Debug for #name {
                fn fmt(&self, __es_f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                    #es::event::stored::debug(self, __es_f)
                }
            }
        }
    }

    /// How one event gets into the enum.
    fn member(&self, event: &Event) -> TokenStream {
        let Self { es, name, .. } = self;
        let ident = &self.model.input.ident;
        let Event { ty, variant } = event;
        let emits = self.generics.params.is_empty().then(|| {
            quote! {
                #[automatically_derived]
                impl #es::aggregate::Emits<#ty> for #ident {
                    fn wrap(__es_event: #ty) -> #name {
                        #name::#variant(__es_event)
                    }
                }
            }
        });
        quote! {
            #emits
            #[automatically_derived]
            impl ::core::convert::From<#ty> for #name {
                fn from(__es_event: #ty) -> Self {
                    Self::#variant(__es_event)
                }
            }
        }
    }

    fn aggregate(&self, is_clean: bool) -> TokenStream {
        let Self { model, es, name, .. } = self;
        let ident = &model.input.ident;
        let (params, arguments, clause) = self.generics.split_for_impl();
        let id = model.id.as_ref().map_or_else(|| quote!(::std::string::String), ToTokens::to_token_stream);
        let category = model
            .category
            .as_ref()
            .map_or_else(|| quote!(#es::checks::UNKNOWN_NAME), ToTokens::to_token_stream);
        let stub = quote!(#es::checks::stub());
        let (apply, fork) =
            if is_clean { (self.apply(), fork::body(&model.input.data, es)) } else { (stub.clone(), stub) };
        let snapshot = model.snapshot.as_ref().map(|snapshot| {
            let (every, declaration) = (snapshot.every, declaration(model.input, snapshot.version));
            let spec =
                quote_spanned!(at(snapshot.span)=> #es::checks::snapshot::<Self>(#every, #declaration));
            quote! {
                const SNAPSHOT: ::core::option::Option<#es::snapshot::SnapshotSpec<Self>> =
                    ::core::option::Option::Some(#spec);
            }
        });
        let itself = self.generics.params.is_empty().then(|| {
            quote! {
                #[automatically_derived]
                impl #es::aggregate::IntoEvents<#ident> for #name {
                    fn into_events(self, __es_out: &mut ::std::vec::Vec<#name>) {
                        __es_out.push(self)
                    }
                }
            }
        });
        quote! {
            #itself
            #[automatically_derived]
            impl #params #es::aggregate::Aggregate for #ident #arguments #clause {
                type Id = #id;
                type Event = #name;
                const CATEGORY: &'static ::core::primitive::str = #category;
                #snapshot
                fn apply_event(&mut self, __es_event: &#name) {
                    #apply
                }
                fn fork(&self) -> Self {
                    #fork
                }
            }
        }
    }

    fn apply(&self) -> TokenStream {
        let es = self.es;
        let name = &self.name;
        let arms = self.model.events.iter().map(|Event { ty, variant }| {
            let (start, end) = ends(ty);
            let this = quote_spanned!(start=> <Self as #es::aggregate::Apply<#ty>>::apply);
            let call = quote_spanned!(end=> (self, __es_event));
            quote!(#name::#variant(__es_event) => #this #call)
        });
        quote!(match __es_event { #(#arms,)* })
    }
}

/// The declaration of the state without what does not change its stored form, and the version. Version 1 says
/// nothing: snapshots were kept before there were versions.
fn declaration(input: &DeriveInput, version: u32) -> String {
    let mut shape = input.clone();
    let keep = |attrs: &mut Vec<Attribute>| attrs.retain(|a| a.path().is_ident("serde"));
    keep(&mut shape.attrs);
    match &mut shape.data {
        syn::Data::Struct(data) => data.fields.iter_mut().for_each(|f| keep(&mut f.attrs)),
        syn::Data::Enum(data) => data.variants.iter_mut().for_each(|v| {
            keep(&mut v.attrs);
            v.fields.iter_mut().for_each(|f| keep(&mut f.attrs));
        }),
        syn::Data::Union(_) => {}
    }
    shape.vis = syn::Visibility::Inherited;
    let declaration = shape.to_token_stream().to_string();
    if version == 1 { declaration } else { format!("{declaration} version = {version}") }
}
