//! What serde's attributes would keep out of a snapshot: a state that is read from one must be the state that its
//! events make.

use syn::{Attribute, Data, DeriveInput, Meta, Token, punctuated::Punctuated};

use super::model::fields;
use crate::diag::Diag;

/// For a state with `snapshot(..)`. What is inside the types of its fields cannot be seen.
pub(super) fn check(input: &DeriveInput, diag: &mut Diag) {
    refuse(&input.attrs, filled_in, diag);
    if let Data::Enum(data) = &input.data {
        for variant in &data.variants {
            let ident = &variant.ident;
            let left_out = |name: &str| {
                let message = format!(
                    "`{name}` leaves `{ident}` out of snapshots, so that such a state cannot be kept, or not be read: \
                     remove `{name}`, or `snapshot(..)`"
                );
                name.starts_with("skip").then_some(message)
            };
            refuse(&variant.attrs, left_out, diag);
        }
    }
    for field in fields(&input.data) {
        let ident = field.ident.as_ref().map_or_else(|| "the field".to_owned(), |ident| format!("`{ident}`"));
        let left_out = |name: &str| {
            let message = format!(
                "`{name}` leaves {ident} out of snapshots, so that a state that is read from one is not what its \
                 events make: remove `{name}`, or `snapshot(..)`; what follows from other fields can be a method"
            );
            name.starts_with("skip").then_some(message).or_else(|| filled_in(name))
        };
        refuse(&field.attrs, left_out, diag);
    }
}

fn filled_in(name: &str) -> Option<String> {
    let message = "`default` fills in what a snapshot lacks, and the state is not what its events make: remove \
                   `default`; a snapshot of another declaration is not used, so none lacks a field";
    (name == "default").then(|| message.to_owned())
}

/// Reports what `why` says about the names of serde's attributes.
fn refuse(attrs: &[Attribute], why: impl Fn(&str) -> Option<String>, diag: &mut Diag) {
    for attr in attrs.iter().filter(|a| a.path().is_ident("serde")) {
        // What cannot be read here is serde's to report.
        let metas = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated);
        for meta in metas.into_iter().flatten() {
            if let Some(message) = meta.path().get_ident().and_then(|name| why(&name.to_string())) {
                diag.error(meta.path(), message);
            }
        }
    }
}
