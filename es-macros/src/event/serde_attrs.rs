use syn::{Attribute, Meta, Token, punctuated::Punctuated};

use crate::diag::Diag;

/// Refuses serde attributes that write what nobody can read back: bincode has no field names and no types in
/// its bytes.
pub(super) fn check(attrs: &[Attribute], diag: &mut Diag) {
    for attr in attrs.iter().filter(|a| a.path().is_ident("serde")) {
        // What cannot be read here is serde's to report.
        let Ok(metas) = attr.parse_args_with(Punctuated::<Meta, Token![,]>::parse_terminated) else {
            continue;
        };
        for meta in metas {
            let Some(name) = meta.path().get_ident() else { continue };
            if let Some(remedy) = remedy(&name.to_string()) {
                let message = format!("`{name}` on an event writes bytes that cannot be read back: {remedy}");
                diag.error(&meta, message);
            }
        }
    }
}

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
        "with" | "serialize_with" | "deserialize_with" => {
            "give the field a newtype with its own `Serialize` and `Deserialize`"
        }
        _ => return None,
    })
}
