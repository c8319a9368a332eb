//! Types that contain themselves: where one meets itself, its shape is a reference and not told again.

use proc_macro2::TokenStream;
use quote::{ToTokens, format_ident, quote};
use syn::{
    Generics, Ident, Path, PathSegment, Type,
    visit_mut::{self, VisitMut},
};

/// The placeholders of one item.
pub(super) struct Again {
    names: Vec<String>,
    /// The item's own arguments, as it would name itself in full.
    arguments: String,
    /// Where it meets itself with other arguments: that is another type, of another shape.
    others: Vec<PathSegment>,
}

impl Again {
    pub(super) fn new(generics: &Generics) -> Self {
        let (_, arguments, _) = generics.split_for_impl();
        Self { names: Vec::new(), arguments: arguments.to_token_stream().to_string(), others: Vec::new() }
    }

    /// What [`replace`](Self::replace) has met that is the item with other arguments.
    pub(super) fn take_others(&mut self) -> Vec<PathSegment> {
        std::mem::take(&mut self.others)
    }

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
            let is_itself = alone && last.ident == *self.itself;
            let arguments = last.arguments.to_token_stream().to_string();
            if is_itself && !arguments.is_empty() && arguments != self.again.arguments {
                self.again.others.push(last.clone());
            }
            let name = if is_itself || (alone && last.ident == "Self") {
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
