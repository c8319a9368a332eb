//! Types that contain themselves: where one meets itself, its shape is a reference and not told again.

use proc_macro2::TokenStream;
use quote::{format_ident, quote};
use syn::{
    Ident, Path, Type,
    visit_mut::{self, VisitMut},
};

/// The placeholders of one item.
#[derive(Default)]
pub(super) struct Again {
    names: Vec<String>,
}

impl Again {
    /// The field's type, with a placeholder for `itself` and for the type that `recursive` names. Whether there
    /// was something to replace is the second value.
    pub(super) fn replace(&mut self, ty: &Type, itself: &Ident, recursive: Option<&Ident>) -> (Type, bool) {
        let mut replace = Replace { again: self, itself, recursive, replaced: false };
        let mut ty = ty.clone();
        replace.visit_type_mut(&mut ty);
        let replaced = replace.replaced;
        (ty, replaced)
    }

    fn placeholder(&mut self, name: &Ident) -> Ident {
        let text = super::unraw(name);
        let at = self.names.iter().position(|known| *known == text).unwrap_or_else(|| {
            self.names.push(text);
            self.names.len() - 1
        });
        let mut placeholder = format_ident!("__EsAgain{at}");
        placeholder.set_span(name.span());
        placeholder
    }

    /// Their declarations.
    pub(super) fn declare(&self, es: &Path) -> TokenStream {
        let placeholders = self.names.iter().enumerate().map(|(at, name)| {
            let placeholder = format_ident!("__EsAgain{at}");
            quote! {
                struct #placeholder;
                impl #es::schema::EventSchema for #placeholder {
                    const SCHEMA: &'static #es::schema::Schema = &#es::schema::Schema::Again(#name);
                }
            }
        });
        placeholders.collect()
    }
}

struct Replace<'a> {
    again: &'a mut Again,
    itself: &'a Ident,
    recursive: Option<&'a Ident>,
    replaced: bool,
}

impl VisitMut for Replace<'_> {
    fn visit_type_mut(&mut self, ty: &mut Type) {
        if let Type::Path(path) = ty
            && path.qself.is_none()
            && let Some(last) = path.path.segments.last()
        {
            let alone = path.path.segments.len() == 1 && path.path.leading_colon.is_none();
            let name = if alone && (last.ident == *self.itself || last.ident == "Self") {
                Some(Ident::new(&self.itself.to_string(), last.ident.span()))
            } else {
                self.recursive.filter(|name| **name == last.ident).cloned()
            };
            if let Some(name) = name {
                // The path keeps its place, so that errors are shown there.
                let placeholder = self.again.placeholder(&name);
                path.path = placeholder.into();
                self.replaced = true;
                return;
            }
        }
        visit_mut::visit_type_mut(self, ty);
    }
}
