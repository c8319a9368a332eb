//! Names that are stored for ever.

use syn::LitStr;

/// Why `name` cannot be a category, if it cannot.
pub(crate) fn check_category(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    if is_word(&text) {
        return Ok(());
    }
    let why = if text.contains('.') {
        "a category has no dot: it is the part of the events' names before theirs".to_owned()
    } else {
        format!(
            "`{text}` cannot be a category: it starts with a lower-case letter and has letters, digits and `_`"
        )
    };
    Err(syn::Error::new(name.span(), format!("{why}, for example \"account\"")))
}

/// Why `name` cannot be the stored name of an event, if it cannot.
pub(crate) fn check_event(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    let why = match text.split_once('.') {
        None => format!("the name `{text}` has no category: write \"category.name\""),
        Some((category, rest)) if is_word(category) && rest.split('.').all(is_word) => return Ok(()),
        Some(_) => format!(
            "`{text}` cannot be an event's name: write \"category.name\", whose parts start with a lower-case \
             letter and have letters, digits and `_`"
        ),
    };
    Err(syn::Error::new(name.span(), format!("{why}, for example \"account.opened\"")))
}

/// Why `name` cannot be a projection's name, if it cannot.
pub(crate) fn check_projection(name: &LitStr) -> syn::Result<()> {
    let text = name.value();
    if text.split(['.', '-']).all(is_word) {
        return Ok(());
    }
    let why = format!(
        "`{text}` cannot be a projection's name: it starts with a lower-case letter and has letters, digits, \
         `_`, `-` and `.`, for example \"balances\""
    );
    Err(syn::Error::new(name.span(), why))
}

fn is_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

#[cfg(test)]
mod tests {
    use super::*;
    use proc_macro2::Span;

    fn ok(check: fn(&LitStr) -> syn::Result<()>, text: &str) -> bool {
        check(&LitStr::new(text, Span::call_site())).is_ok()
    }

    #[test]
    fn names() {
        assert!(ok(check_event, "account.opened") && ok(check_event, "a1_B.c.d_2"));
        for bad in
            ["", ".", "account", "account.", ".opened", "Account.opened", "a b.c", "a..b", "ä.b", "a.1"]
        {
            assert!(!ok(check_event, bad), "{bad}");
        }
        assert!(
            ok(check_category, "order_line") && !ok(check_category, "order.line") && !ok(check_category, "")
        );
        assert!(ok(check_projection, "by-owner.v2") && !ok(check_projection, "By owner"));
    }
}
