//! The comparison of an event with the lock file.

use proc_macro2::TokenStream;
use quote::{quote, quote_spanned};
use syn::{Ident, LitStr, Path};

use super::model::{Kind, Model};
use crate::{
    diag::Diag,
    lock::{Lock, Locked},
    types::{at, respan},
};

/// Constants whose evaluation fails when the event is not as it is locked. Never an item that code can see: a
/// lock file changes what compiles, not what is compiled.
pub(super) fn checks(kind: Kind, model: &Model<'_>, diag: &mut Diag) -> TokenStream {
    let Some(name) = &model.name else { return TokenStream::new() };
    match Lock::find() {
        Ok(Lock::None) => whole(model, name),
        Ok(Lock::Collected(wanted)) => report(kind, model, wanted),
        Ok(Lock::Read { path, events }) => {
            let check = compare(kind, model, &events, diag);
            // Makes cargo look again when the file changes.
            let path = path.to_string_lossy();
            quote! {
                #check
                const _: &[::core::primitive::u8] = ::core::include_bytes!(#path);
            }
        }
        Err(why) => {
            diag.error(name, why);
            TokenStream::new()
        }
    }
}

/// A shape that nothing compares must be one all the same.
fn whole(model: &Model<'_>, name: &LitStr) -> TokenStream {
    let whole = of_schema(model, name, "whole", &TokenStream::new());
    quote!(const _: () = #whole;)
}

/// `es::schema::function(SCHEMA, arguments)`, shown at the event's name.
fn of_schema(model: &Model<'_>, name: &LitStr, function: &str, arguments: &TokenStream) -> TokenStream {
    let Model { input, es, .. } = model;
    let (ident, span) = (&input.ident, at(name.span()));
    let schema = quote_spanned!(span=> <#ident as #es::schema::EventSchema>::SCHEMA, #arguments);
    call(es, name, function, &schema)
}

fn call(es: &Path, name: &LitStr, function: &str, arguments: &TokenStream) -> TokenStream {
    let span = at(name.span());
    let function = Ident::new(function, span);
    let path = respan(quote!(#es::schema::#function), span);
    let arguments = quote_spanned!(span=> (#arguments));
    quote!(#path #arguments)
}

fn report(kind: Kind, model: &Model<'_>, wanted: bool) -> TokenStream {
    let Model { input, version, name, .. } = model;
    // Makes cargo look again when another target is asked for.
    let again = quote! {
        const _: ::core::option::Option<&::core::primitive::str> = ::core::option_env!("ES_SCHEMA_REPORT");
    };
    let (Some(name), true) = (name, wanted) else { return again };
    let ident = &input.ident;
    let kind = match kind {
        Kind::Current => "current",
        Kind::Past => "past",
    };
    let head = format!("es-schema 1\n{} v{version} {kind} ", name.value());
    let arguments = quote!(#head, ::core::module_path!(), ::core::stringify!(#ident));
    let call = of_schema(model, name, "report", &arguments);
    quote!(#again const _: () = #call;)
}

fn compare(kind: Kind, model: &Model<'_>, events: &[Locked], diag: &mut Diag) -> TokenStream {
    let Model { version, name, .. } = model;
    let Some(name) = name else { return TokenStream::new() };
    let stored = name.value();
    let same_name = || events.iter().filter(|e| e.name == stored);
    let newest = same_name().map(|e| e.version).max();
    if let Some(newest) = newest.filter(|newest| kind == Kind::Current && newest > version) {
        let next = newest + 1;
        diag.error(
            name,
            format!(
                "`{stored}` is locked up to version {newest}, and this is version {version}: events of version \
                 {newest} are stored, and could not be read any more\n\
                 Either undo the change of the version, or go on with `version = {next}`, with the struct of \
                 version {newest} as `from`."
            ),
        );
        return TokenStream::new();
    }
    if let Some(older) = same_name().map(|e| e.version).filter(|older| older < version).max()
        && model.from.is_none()
    {
        diag.error(
            name,
            format!(
                "version {older} of `{stored}` is locked, and version {version} does not begin with it: events of \
                 version {older} are stored, and could not be read any more\n\
                 Write `#[event(\"{stored}\", version = {version}, from = ..)]`, with the struct of version {older}."
            ),
        );
        return TokenStream::new();
    }
    if newest.is_none() {
        let (whole, names) = (whole(model, name), other_names(model, name, events));
        return quote!(#whole #(const _: () = #names;)*);
    }
    let check = match same_name().find(|e| e.version == *version) {
        Some(locked) => {
            let (shape, before, after) =
                (&locked.shape, before(&stored, *version), after(kind, model, &stored));
            of_schema(model, name, "check", &quote!(#shape, #before, #after))
        }
        None => of_schema(model, name, "whole", &TokenStream::new()),
    };
    let swapped = swapped(model, name, events);
    if swapped.is_empty() {
        return quote!(const _: () = #check;);
    }
    // One constant: where the names are wrong, nothing is said about shapes.
    quote!(const _: () = { #(#swapped;)* #check };)
}

/// A name that is not locked, on a struct that is, under another one.
fn other_names(model: &Model<'_>, name: &LitStr, events: &[Locked]) -> Vec<TokenStream> {
    let (ident, stored) = (model.input.ident.to_string(), name.value());
    let locked = events.iter().filter_map(|locked| Some((locked, module(locked, &ident)?)));
    let checks = locked.map(|(locked, module)| {
        let message = renamed(&locked.name, &stored, &ident);
        call(&model.es, name, "check_name", &quote!(::core::module_path!(), #module, #message))
    });
    checks.collect()
}

/// A name that is locked with another struct, on a struct that is locked under another name: two events of one
/// shape whose names were exchanged, and nothing else would tell.
fn swapped(model: &Model<'_>, name: &LitStr, events: &[Locked]) -> Vec<TokenStream> {
    let (ident, stored) = (model.input.ident.to_string(), name.value());
    let (own, others): (Vec<_>, Vec<_>) = events.iter().partition(|locked| locked.name == stored);
    let modules: Vec<_> = own.iter().filter_map(|locked| module(locked, &ident)).collect();
    let of_version = own.iter().find(|locked| locked.version == model.version);
    let Some(own) = of_version.or(own.last()) else { return Vec::new() };
    let checks = others.iter().filter_map(|other| {
        let module = module(other, &ident)?;
        let message = exchanged(own, other, &ident);
        let arguments = quote!(::core::module_path!(), &[#(#modules),*], #module, #message);
        Some(call(&model.es, name, "check_struct", &arguments))
    });
    checks.collect()
}

/// The module of the struct that was locked, if it was called `ident`.
fn module<'a>(locked: &'a Locked, ident: &str) -> Option<&'a str> {
    let (module, last) = locked.rust.rsplit_once("::")?;
    (last == ident).then_some(module)
}

fn before(name: &str, version: u32) -> String {
    format!("the shape of `{name}` version {version} is not the locked one:\n\n    ")
}

fn after(kind: Kind, model: &Model<'_>, name: &str) -> String {
    let (ident, version) = (&model.input.ident, model.version);
    let next = version.saturating_add(1);
    // The old struct goes on from the one before it, as this one did.
    let (from, upcast) = match &model.from {
        None => (String::new(), String::new()),
        Some(from) => {
            let from = quote!(#from).to_string();
            let upcast = format!("impl From<{from}> for {ident}V{version} {{ .. }}\n\n    ");
            (format!(", from = {from}"), upcast)
        }
    };
    if kind == Kind::Past {
        return "\n\n\
                Events of this version are stored, and could not be read any more. A past version never changes: undo \
                the change.\n\
                When a nested type changed, give the past version a nested type of its own, as it was then."
            .to_owned();
    }
    format!(
        "\n\n\
         Events of the locked shape are stored, and could not be read any more. Either undo the change, or keep the \
         old struct and make this one a new version:\n\n    \
         #[derive(PastEvent, Serialize, Deserialize)]\n    \
         #[event(\"{name}\", version = {version}{from})]\n    \
         struct {ident}V{version} {{ .. }}\n\n    {upcast}\
         #[derive(Event, Serialize, Deserialize)]\n    \
         #[event(\"{name}\", version = {next}, from = {ident}V{version})]\n    \
         struct {ident} {{ .. }}\n\n    \
         impl From<{ident}V{version}> for {ident} {{ .. }}\n\n\
         When a nested type changed, the old struct needs that type as it was, under another name.\n\
         Was the event never stored anywhere? `cargo es schema lock --forget {name}`"
    )
}

fn renamed(locked: &str, now: &str, ident: &str) -> String {
    format!(
        "`{ident}` is locked as `{locked}`, and its stored name is `{now}` now: events are stored under the old \
         name, and could not be read any more\n\
         Either undo the change of the name, or leave `{ident}` as it was and write a new struct for `{now}`. The \
         struct may be called anything.\n\
         Was the event never stored anywhere? `cargo es schema lock --forget {locked}`"
    )
}

fn exchanged(own: &Locked, other: &Locked, ident: &str) -> String {
    let (name, rust, other) = (&own.name, &own.rust, &other.name);
    format!(
        "`{name}` is locked with the struct `{rust}`, and `{ident}` is locked as `{other}`: what is stored as \
         `{name}` would be read as what `{other}` was\n\
         Undo the change of the names. Or, if it is the structs that were renamed, each with its event: run \
         `cargo es schema lock`, which says what it moves, and commit events.lock"
    )
}
