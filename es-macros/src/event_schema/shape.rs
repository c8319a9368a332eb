use proc_macro2::TokenStream;
use quote::quote;
use syn::{Data, DataEnum, DeriveInput, Fields, Path, Type};

use super::{
    case::Rule,
    field::{self, Around, Stored},
    recursion::Again,
    serde_attrs::{Place, Serde},
    unraw,
};
use crate::{diag::Diag, types::is_named};

/// The schema of an item, an expression.
pub(super) fn of(
    input: &DeriveInput,
    place: Place,
    es: &Path,
    again: &mut Again,
    diag: &mut Diag,
) -> TokenStream {
    let serde = Serde::read(&input.attrs, place, diag);
    let single = matches!(&input.data, Data::Struct(data) if data.fields.len() == 1 && matches!(data.fields, Fields::Unnamed(_)));
    let around = Around { es, itself: &input.ident, transparent: single || serde.transparent };
    let name = unraw(&input.ident);
    let own = match &input.data {
        Data::Struct(data) => {
            let body = body(&data.fields, &name, serde.rename_all, &around, again, diag);
            match body {
                Body::Unit => quote!(&#es::schema::Schema::Scalar(#es::schema::Scalar::Unit)),
                Body::One(schema) | Body::Many(schema) => schema,
            }
        }
        Data::Enum(data) => variants(data, &name, &serde, &around, again, diag),
        Data::Union(data) => {
            diag.error(data.union_token, "a union cannot be in an event: write an enum");
            field::unknown(es)
        }
    };
    match (&serde.from, &serde.into) {
        (None, None) => own,
        (Some(from), Some(into)) if from.value() == into.value() => match from.parse::<Type>() {
            Ok(ty) => field::of_type(&ty, es),
            // Serde's to report.
            Err(_) => field::unknown(es),
        },
        (Some(only), _) | (None, Some(only)) => {
            diag.error(only, "what is written as one type and read as another cannot be read back: write `from` (or `try_from`) and `into` with the same type");
            field::unknown(es)
        }
    }
}

/// What is between the braces.
enum Body {
    Unit,
    /// Stored as what is in it.
    One(TokenStream),
    Many(TokenStream),
}

fn body(
    fields: &Fields,
    name: &str,
    rule: Option<Rule>,
    around: &Around<'_>,
    again: &mut Again,
    diag: &mut Diag,
) -> Body {
    let es = around.es;
    let stored: Vec<Stored<'_>> = fields.iter().filter_map(|f| field::read(f, around, again, diag)).collect();
    match fields {
        Fields::Unit => Body::Unit,
        Fields::Unnamed(all) if all.unnamed.len() == 1 => match stored.into_iter().next() {
            Some(only) => Body::One(only.schema),
            None => {
                diag.error(all, "the one value is skipped: write a struct without fields");
                Body::One(field::unknown(es))
            }
        },
        // Serde's own rule, by the name alone.
        _ if around.transparent => match stored.into_iter().find(|s| !is_named(&s.field.ty, "PhantomData")) {
            Some(only) => Body::One(only.schema),
            // Serde's to report.
            None => Body::One(field::unknown(es)),
        },
        Fields::Unnamed(_) => {
            let parts = stored.into_iter().map(|part| part.schema);
            Body::Many(quote!(&#es::schema::Schema::Tuple { name: #name, parts: &[#(#parts),*] }))
        }
        Fields::Named(_) => {
            let fields = stored.into_iter().map(|stored| {
                let own = stored.field.ident.as_ref().map(unraw).unwrap_or_default();
                let renamed = rule.map_or_else(|| own.clone(), |rule| rule.field(&own));
                let name = stored.serde.rename.unwrap_or(renamed);
                let schema = stored.schema;
                quote!(#es::schema::Field { name: #name, schema: #schema })
            });
            Body::Many(quote!(&#es::schema::Schema::Struct { name: #name, fields: &[#(#fields),*] }))
        }
    }
}

fn variants(
    data: &DataEnum,
    name: &str,
    serde: &Serde,
    around: &Around<'_>,
    again: &mut Again,
    diag: &mut Diag,
) -> TokenStream {
    let es = around.es;
    let around = Around { transparent: false, ..*around };
    let mut variants = Vec::new();
    for variant in &data.variants {
        let own = Serde::read(&variant.attrs, Place::Variant, diag);
        if let Some(skip) = &own.skip {
            diag.error(skip, "`skip` on a variant makes bincode count variants differently when it writes and when it reads: remove the variant, or store it");
        }
        if let Some(with) = &own.with {
            diag.error(with, "a variant is stored field by field in an event: give its field a newtype with its own `Serialize` and `Deserialize`");
            continue;
        }
        let ident = unraw(&variant.ident);
        let renamed = serde.rename_all.map_or_else(|| ident.clone(), |rule| rule.variant(&ident));
        let stored = own.rename.unwrap_or(renamed);
        let rule = own.rename_all.or(serde.rename_all_fields);
        let body = match body(&variant.fields, "", rule, &around, again, diag) {
            Body::Unit => quote!(::core::option::Option::None),
            Body::One(schema) | Body::Many(schema) => quote!(::core::option::Option::Some(#schema)),
        };
        variants.push(quote!(#es::schema::Variant { name: #stored, body: #body }));
    }
    quote!(&#es::schema::Schema::Enum { name: #name, variants: &[#(#variants),*] })
}
