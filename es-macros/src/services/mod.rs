//! `#[derive(Services)]`.

use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Field, Fields, Path, Type, TypeParamBound, parse_quote};

use crate::{
    args,
    diag::Diag,
    entry,
    types::{peel, same, text},
};

pub(crate) fn derive_services(input: TokenStream) -> TokenStream {
    entry::derive(input, |input, diag| {
        let es = crate_path(input, diag);
        let services = read(input, diag);
        let impls = services.iter().map(|service| expand(input, &es, service));
        quote!(const _: () = { #(#impls)* };)
    })
}

struct Service<'a> {
    field: &'a Field,
    ty: Type,
    /// It is behind a pointer.
    deref: bool,
}

fn crate_path(input: &DeriveInput, diag: &mut Diag) -> Path {
    let mut es = args::default_crate();
    for attr in input.attrs.iter().filter(|a| a.path().is_ident("services")) {
        if let Some(list) = diag.take(attr.meta.require_list()) {
            let text = args::read(list.tokens.clone(), &["crate"], diag, |_, value| {
                es = args::equals_path(value)?;
                Ok(())
            });
            if let Some(text) = text {
                diag.error(text, "only `crate = path` can stand here");
            }
        }
    }
    es
}

fn read<'a>(input: &'a DeriveInput, diag: &mut Diag) -> Vec<Service<'a>> {
    let ident = &input.ident;
    let mut services: Vec<Service<'a>> = Vec::new();
    if !input.generics.params.is_empty() {
        let message = "services have no generics: handlers find them by type; write `Box<dyn MyTrait>` with `#[provide(dyn MyTrait)]` for what varies";
        diag.error(&input.generics, message);
        return services;
    }
    let Data::Struct(data) = &input.data else {
        diag.error(
            ident,
            format!(
                "services are a struct with one field for each: write `struct {ident} {{ mailer: Mailer }}`"
            ),
        );
        return services;
    };
    if let Fields::Unnamed(fields) = &data.fields {
        diag.error(
            fields,
            format!("services are fields with names: write `struct {ident} {{ mailer: Mailer }}`"),
        );
        return services;
    }
    for field in &data.fields {
        let Some(service) = service(field, diag) else { continue };
        if services.iter().any(|earlier| same(&earlier.ty, &service.ty)) {
            let ty = text(&service.ty);
            diag.error(
                &field.ty,
                format!("there is a service of type `{ty}` already, and handlers find services by type: give this one a newtype, `struct MyService({ty});`"),
            );
            continue;
        }
        services.push(service);
    }
    services
}

fn service<'a>(field: &'a Field, diag: &mut Diag) -> Option<Service<'a>> {
    let Some(attr) = field.attrs.iter().find(|a| a.path().is_ident("provide")) else {
        return Some(Service { field, ty: peel(&field.ty).clone(), deref: false });
    };
    let ty = attr.parse_args::<Type>().map_err(|error| {
        let message = "say which trait handlers ask for: `#[provide(dyn MyTrait)]`";
        if matches!(attr.meta, syn::Meta::List(_)) {
            syn::Error::new(error.span(), message)
        } else {
            syn::Error::new_spanned(attr, message)
        }
    });
    let ty = diag.take(ty)?;
    Some(Service { field, ty: static_object(ty), deref: true })
}

/// `dyn Trait` as it is in a field: `dyn Trait + 'static`.
fn static_object(ty: Type) -> Type {
    match peel(&ty) {
        Type::TraitObject(object)
            if !object.bounds.iter().any(|b| matches!(b, TypeParamBound::Lifetime(_))) =>
        {
            let mut object = object.clone();
            object.bounds.push(parse_quote!('static));
            Type::TraitObject(object)
        }
        _ => ty,
    }
}

fn expand(input: &DeriveInput, es: &Path, service: &Service<'_>) -> TokenStream {
    let (ident, ty, name) = (&input.ident, &service.ty, &service.field.ident);
    let value = if service.deref { quote!(&*self.#name) } else { quote!(&self.#name) };
    quote! {
        #[automatically_derived]
        impl #es::command::Provides<#ty> for #ident {
            fn service(&self) -> &(#ty) {
                #value
            }
        }
    }
}
