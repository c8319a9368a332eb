use proc_macro2::TokenStream;
use quote::quote;
use syn::{Attribute, Ident, Path, Type};

use super::{
    recursion::Again,
    serde_attrs::{Place, Serde, needs_a_shape},
};
use crate::{args, diag::Diag, types};

/// A field that is stored.
pub(super) struct Stored<'a> {
    pub(super) field: &'a syn::Field,
    pub(super) serde: Serde,
    /// Its schema, an expression.
    pub(super) schema: TokenStream,
}

/// What the fields of one item have in common.
pub(super) struct Around<'a> {
    pub(super) es: &'a Path,
    pub(super) itself: &'a Ident,
    /// Whether the item is stored as the one field inside, without a name to refer to.
    pub(super) transparent: bool,
}

/// `None` for a field that is left out.
pub(super) fn read<'a>(
    field: &'a syn::Field,
    around: &Around<'_>,
    again: &mut Again,
    diag: &mut Diag,
) -> Option<Stored<'a>> {
    let serde = Serde::read(&field.attrs, Place::Field, diag);
    let said = Said::read(&field.attrs, diag);
    if serde.skip.is_some() {
        return None;
    }
    if let (Some(with), None) = (&serde.with, &said.as_type) {
        diag.push(needs_a_shape(with));
    }
    let schema = if serde.with.is_some() && said.as_type.is_none() {
        // Reported; nothing else about the field is wrong.
        unknown(around.es)
    } else {
        let ty = said.as_type.as_ref().unwrap_or(&field.ty);
        let (ty, replaced) = again.replace(ty, around.itself, said.recursive.as_ref());
        for other in again.take_others() {
            let itself = around.itself;
            let message = format!(
                "`{itself}` contains itself with other arguments, and a shape can only refer to its own: write a \
                 type of its own for what is inside"
            );
            diag.error(&other, message);
        }
        if replaced && around.transparent {
            let itself = around.itself;
            let message = format!(
                "`{itself}` contains itself, so it needs a name inside: write `struct {itself} {{ items: .. }}`"
            );
            diag.error(&field.ty, message);
            unknown(around.es)
        } else {
            of_type(&ty, around.es)
        }
    };
    Some(Stored { field, serde, schema })
}

/// The schema of a type.
pub(super) fn of_type(ty: &Type, es: &Path) -> TokenStream {
    types::member(ty, quote!(#es::schema::EventSchema), "SCHEMA")
}

/// Stands for a shape that could not be told: that mistake is reported.
pub(super) fn unknown(es: &Path) -> TokenStream {
    quote!(<() as #es::schema::EventSchema>::SCHEMA)
}

/// `#[event_schema(..)]` at a field.
#[derive(Default)]
struct Said {
    as_type: Option<Type>,
    recursive: Option<Ident>,
}

impl Said {
    fn read(attrs: &[Attribute], diag: &mut Diag) -> Self {
        let mut said = Self::default();
        let Some(attr) = args::attribute(attrs, "event_schema", diag) else { return said };
        let text = args::read(args::inside(attr), &["as", "recursive"], diag, |key, value| {
            if key == "as" {
                said.as_type = Some(args::equals(value)?);
            } else {
                said.recursive = Some(args::equals(value)?);
            }
            Ok(())
        });
        if let Some(text) = text {
            diag.error(text, "there is no text here: write `as = Type` or `recursive = Type`");
        }
        said
    }
}
