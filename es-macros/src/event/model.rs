use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DeriveInput, Fields, LitStr, Path, Type};

use crate::{args, diag::Diag, names, types::with_names};

/// Which of the two derives.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Current,
    Past,
}

/// What the derives know about a struct.
pub(super) struct Model<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) es: Path,
    /// None when it is missing or wrong.
    pub(super) name: Option<LitStr>,
    pub(super) version: u32,
    pub(super) from: Option<Type>,
}

const KEYS: &[&str] = &["version", "from", "crate"];

impl<'a> Model<'a> {
    /// Whether it is an item of the kind that an event is.
    pub(super) fn is_one_shape(&self) -> bool {
        let fields =
            matches!(&self.input.data, Data::Struct(data) if !matches!(data.fields, Fields::Unnamed(_)));
        fields && self.input.generics.params.is_empty()
    }

    pub(super) fn read(kind: Kind, input: &'a DeriveInput, diag: &mut Diag) -> Self {
        check_shape(input, diag);
        let mut model = Self { input, es: args::default_crate(), name: None, version: 1, from: None };
        let mut versions = false;
        let Some(attr) = args::attribute(&input.attrs, "event", diag) else {
            diag.error(&input.ident, format!("say how it is stored: add `{}`", example(kind)));
            return model;
        };
        let name = args::read(args::inside(attr), KEYS, diag, |key, value| {
            match key.to_string().as_str() {
                "version" => {
                    versions = true;
                    let number: syn::LitInt = args::equals(value)?;
                    model.version = number.base10_parse()?;
                    if model.version == 0 {
                        model.version = 1;
                        return Err(syn::Error::new(number.span(), "versions count from 1"));
                    }
                }
                "from" => model.from = Some(args::equals(value)?),
                _ => model.es = args::equals_path(value)?,
            }
            Ok(())
        });
        match &name {
            None if diag.is_clean() => {
                diag.error(attr, format!("the stored name is missing: write `{}`", example(kind)));
            }
            None => {}
            Some(name) => model.name = diag.take(names::check_event(name)).map(|()| name.clone()),
        }
        model.check_version(kind, versions, attr, diag);
        model
    }

    fn check_version(&self, kind: Kind, given: bool, attr: &syn::Attribute, diag: &mut Diag) {
        let name = self.name.as_ref().map_or_else(|| "category.name".to_owned(), LitStr::value);
        let (ident, version) = (&self.input.ident, self.version);
        if kind == Kind::Past && !given && diag.is_clean() {
            let example = format!("#[event(\"{name}\", version = 1)]");
            diag.error(attr, format!("a past event says which version it was: write `{example}`"));
        }
        match &self.from {
            Some(from) if version == 1 && diag.is_clean() => {
                diag.error(from, "version 1 has no version before it: add `version = 2`, or remove `from`")
            }
            None if version > 1 && kind == Kind::Current => {
                let before = version - 1;
                diag.error(
                    attr,
                    format!(
                        "version {version} needs the version before it: keep the old struct as\n    \
                         #[derive(PastEvent, Serialize, Deserialize)]\n    \
                         #[event(\"{name}\", version = {before})]\n    \
                         struct {ident}V{before} {{ .. }}\n\
                         and write `#[event(\"{name}\", version = {version}, from = {ident}V{before})]` with \
                         `impl From<{ident}V{before}> for {ident}`"
                    ),
                );
            }
            _ => {}
        }
    }
}

fn example(kind: Kind) -> &'static str {
    match kind {
        Kind::Current => "#[event(\"category.name\")]",
        Kind::Past => "#[event(\"category.name\", version = 1)]",
    }
}

/// Only structs with named fields and unit structs: their stored form has a name for everything.
fn check_shape(input: &DeriveInput, diag: &mut Diag) {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => {
            if let Fields::Unnamed(fields) = &data.fields {
                let named = with_names(fields);
                let message = format!("an event's fields have names: write `struct {ident} {{ {named} }}`");
                diag.error(fields, message);
            }
        }
        Data::Enum(data) => diag.error(
            quote_head(data.enum_token, ident),
            format!("an event is one struct: write a struct for each variant of `{ident}`, each with a stored name of its own"),
        ),
        Data::Union(data) => diag.error(
            quote_head(data.union_token, ident),
            format!("an event is a struct: write `struct {ident} {{ .. }}`"),
        ),
    }
    let mut params = input.generics.params.iter().peekable();
    if params.peek().is_none() {
        return;
    }
    let lifetimes_only = params.all(|p| matches!(p, syn::GenericParam::Lifetime(_)));
    let message = if lifetimes_only {
        format!(
            "an event owns its data, because it is read back from the store: write `struct {ident}` without lifetimes, with `String` for `&str` and `Vec<T>` for `&[T]`"
        )
    } else {
        format!(
            "an event is stored under one name with one shape: write `struct {ident}` without generics, once for each type you need"
        )
    };
    diag.error(&input.generics, message);
}

fn quote_head(keyword: impl quote::ToTokens, ident: &syn::Ident) -> TokenStream {
    quote!(#keyword #ident)
}
