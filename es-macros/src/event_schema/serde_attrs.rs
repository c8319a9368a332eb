//! Serde's attributes: what they change in the stored form is honoured, or refused.

use syn::{Attribute, Expr, Lit, LitStr, Meta, Path, Token, punctuated::Punctuated, spanned::Spanned};

use super::case::Rule;
use crate::diag::Diag;

/// Where attributes stand.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Place {
    /// On the struct of an event.
    Event,
    /// On a type in an event.
    Type,
    Variant,
    Field,
}

/// What serde's attributes at one place say about the stored form.
#[derive(Default)]
pub(crate) struct Serde {
    pub(crate) rename: Option<String>,
    pub(crate) rename_all: Option<Rule>,
    pub(crate) rename_all_fields: Option<Rule>,
    pub(crate) skip: Option<Path>,
    pub(crate) transparent: bool,
    pub(crate) from: Option<LitStr>,
    pub(crate) into: Option<LitStr>,
    /// `with` and its like, which need a shape.
    pub(crate) with: Option<Meta>,
}

impl Serde {
    pub(crate) fn read(attrs: &[Attribute], place: Place, diag: &mut Diag) -> Self {
        let mut serde = Self::default();
        for attr in attrs.iter().filter(|a| a.path().is_ident("serde")) {
            // What cannot be read here is serde's to report.
            let Ok(metas) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
                continue;
            };
            for meta in metas {
                if let Err(error) = serde.note(&meta, place) {
                    diag.push(error);
                }
            }
        }
        serde
    }

    fn note(&mut self, meta: &Meta, place: Place) -> syn::Result<()> {
        let Some(name) = meta.path().get_ident().map(ToString::to_string) else { return Ok(()) };
        if place == Place::Event && matches!(&*name, "transparent" | "from" | "try_from" | "into") {
            let message = format!(
                "`{name}` on an event hides its fields: an event is stored field by field, under their names"
            );
            return Err(syn::Error::new_spanned(meta, message));
        }
        match &*name {
            "rename" => self.rename = both(meta)?.map(|text| text.value()),
            "rename_all" => self.rename_all = rule(meta)?,
            "rename_all_fields" => self.rename_all_fields = rule(meta)?,
            "skip" => self.skip = Some(meta.path().clone()),
            "transparent" => self.transparent = true,
            "from" | "try_from" => self.from = text(meta),
            "into" => self.into = text(meta),
            "with" | "serialize_with" | "deserialize_with" => self.with = Some(meta.clone()),
            // They change nothing that is written.
            "default" | "alias" | "deny_unknown_fields" | "bound" | "borrow" | "crate" | "expecting" => {}
            _ => {
                let message = match remedy(&name) {
                    Some(remedy) => {
                        format!("`{name}` in an event writes bytes that cannot be read back: {remedy}")
                    }
                    None => format!(
                        "`{name}` in an event: nobody knows here what it does to the stored form; remove it"
                    ),
                };
                return Err(syn::Error::new_spanned(meta, message));
            }
        }
        Ok(())
    }
}

/// Bincode has no field names and no types in its bytes.
fn remedy(name: &str) -> Option<&'static str> {
    Some(match name {
        "skip_serializing_if" => "remove it, an `Option` that is `None` takes one byte",
        "skip_serializing" | "skip_deserializing" => {
            "use `skip`, which leaves the field out both ways, or remove it"
        }
        "flatten" => "write the inner type as a field of its own",
        "untagged" | "tag" | "content" => {
            "remove it, the default representation of enums is compact and safe"
        }
        "other" | "variant_identifier" | "field_identifier" => "write an enum whose variants are all known",
        "remote" | "getter" => "give the type a newtype with its own `Serialize` and `Deserialize`",
        _ => return None,
    })
}

/// `= "text"`
fn text(meta: &Meta) -> Option<LitStr> {
    match meta {
        Meta::NameValue(pair) => match &pair.value {
            Expr::Lit(lit) => match &lit.lit {
                Lit::Str(text) => Some(text.clone()),
                _ => None,
            },
            _ => None,
        },
        _ => None,
    }
}

/// `= "text"`, or `(serialize = "text", deserialize = "text")` with the same text.
fn both(meta: &Meta) -> syn::Result<Option<LitStr>> {
    let Meta::List(list) = meta else { return Ok(text(meta)) };
    let Ok(pairs) = list.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
        return Ok(None);
    };
    let of = |name: &str| pairs.iter().filter(|m| m.path().is_ident(name)).find_map(text);
    let (write, read) = (of("serialize"), of("deserialize"));
    if write.as_ref().map(LitStr::value) == read.as_ref().map(LitStr::value) {
        return Ok(write);
    }
    let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "what is written under one name and read under another cannot be read back: write `{name} = \"..\"`"
    );
    Err(syn::Error::new_spanned(meta, message))
}

fn rule(meta: &Meta) -> syn::Result<Option<Rule>> {
    // A rule that does not exist is serde's to report.
    Ok(both(meta)?.and_then(|text| Rule::named(&text.value())))
}

/// The one name that `with` and its like have in a message.
pub(crate) fn needs_a_shape(meta: &Meta) -> syn::Error {
    let name = meta.path().get_ident().map(ToString::to_string).unwrap_or_default();
    let message = format!(
        "`{name}` in an event writes what nobody can see here: say which type has the same stored form, as \
         `#[event_schema(as = String)]`, or give the field a newtype with its own `Serialize` and `Deserialize`"
    );
    syn::Error::new(meta.span(), message)
}
