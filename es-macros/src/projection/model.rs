use proc_macro2::TokenStream;
use syn::{Ident, ImplItem, ItemImpl, LitStr, Path, Type, TypePath};

use super::handler::{HANDLER, HELPERS, Handler};
use crate::{
    args,
    diag::Diag,
    names,
    types::{same, text},
};

/// What is done with an event that fails.
#[derive(Default)]
pub(super) struct Failure {
    pub(super) stop: bool,
    pub(super) retries: Option<u32>,
}

/// What the attribute knows about the block.
pub(super) struct Model {
    pub(super) es: Path,
    pub(super) itself: Type,
    pub(super) name: Option<LitStr>,
    pub(super) view: Option<Type>,
    pub(super) key: Option<Type>,
    pub(super) failure: Failure,
    pub(super) handlers: Vec<Handler>,
}

const KEYS: &[&str] = &["view", "key", "on_failure", "retries", "crate"];
const EXAMPLE: &str = "#[projection(\"balances\", view = Balance, key = String)]";

impl Model {
    /// Reads the block and takes its `#[on(..)]` away.
    pub(super) fn read(attribute: TokenStream, block: &mut ItemImpl, diag: &mut Diag) -> Self {
        let mut model = Self {
            es: args::default_crate(),
            itself: (*block.self_ty).clone(),
            name: None,
            view: None,
            key: None,
            failure: Failure::default(),
            handlers: Vec::new(),
        };
        model.read_attribute(attribute, diag);
        if let Some((trait_, _)) = &block.trait_ {
            diag.error(trait_, "handlers stand in an `impl` block of the projection itself, not of a trait");
        }
        if !block.generics.params.is_empty() {
            diag.error(
                &block.generics,
                "a projection has no generics and lifetimes: write one for each type you need",
            );
        } else if !matches!(&*block.self_ty, Type::Path(TypePath { qself: None, .. })) {
            diag.error(
                &block.self_ty,
                "a projection is a struct of yours: write `struct Balances;` and `impl Balances { .. }`",
            );
        }
        if block.items.is_empty() {
            diag.error(
                &block.self_ty,
                format!("a projection without handlers sees no events: write `{HANDLER}`"),
            );
        }
        for item in &mut block.items {
            match item {
                ImplItem::Fn(function) => {
                    let handler = Handler::read(function, diag);
                    model.handlers.extend(handler.filter(|handler| model.is_first(handler, diag)));
                }
                other => diag.error(&*other, HELPERS),
            }
        }
        model.check_rows(diag);
        model
    }

    fn read_attribute(&mut self, attribute: TokenStream, diag: &mut Diag) {
        let mut given = Vec::new();
        let name = args::read(attribute, KEYS, diag, |key, value| {
            let name = key.to_string();
            match name.as_str() {
                "view" => self.view = Some(args::equals(value)?),
                "key" => self.key = Some(args::equals(value)?),
                "retries" => self.failure.retries = Some(args::equals_number(value)?),
                "on_failure" => {
                    let choice: Ident = args::equals(value)?;
                    self.failure.stop = match choice.to_string().as_str() {
                        "park" => false,
                        "stop" => true,
                        _ => {
                            let message = "write `on_failure = park`, which sets the aggregate aside, or `on_failure = stop`, which stops the projection";
                            return Err(syn::Error::new(choice.span(), message));
                        }
                    };
                }
                _ => self.es = args::equals_path(value)?,
            }
            given.push(name);
            Ok(())
        });
        let broken = !diag.is_clean();
        let missing = |key: &str, what: &str, diag: &mut Diag| {
            // A misspelt key has been reported, and is likely this one.
            if !given.iter().any(|g| g == key) && !broken {
                diag.error_at(proc_macro2::Span::call_site(), format!("{what}: write `{EXAMPLE}`"));
            }
        };
        match name {
            Some(name) => self.name = diag.take(names::check_projection(&name)).map(|()| name),
            None => missing("", "the projection's name is missing", diag),
        }
        missing("view", "the type of the view's rows is missing", diag);
        missing("key", "the type that rows are found by is missing", diag);
    }

    /// Whether no handler before takes the same event.
    fn is_first(&self, handler: &Handler, diag: &mut Diag) -> bool {
        let other = self.handlers.iter().find(|h| same(&h.event, &handler.event));
        if let Some(other) = other {
            let event = text(&handler.event);
            let message = format!("`{}` handles `{event}` already: do both in one handler", other.name);
            diag.error(&handler.event, message);
        }
        other.is_none()
    }

    /// Either each handler says where its row is, or none.
    fn check_rows(&self, diag: &mut Diag) {
        let Some(keyed) = self.handlers.iter().find(|h| h.row.is_some()) else { return };
        for handler in self.handlers.iter().filter(|h| h.row.is_none()) {
            let message = format!(
                "`{}` says by which key its row is found, `{}` does not: add `#[on(key = ..)]`, or `#[on(aggregate_id)]` for the row of the event's aggregate",
                keyed.name, handler.name
            );
            diag.error(&handler.name, message);
        }
    }

    /// Whether rows are found by keys from events.
    pub(super) fn by_key(&self) -> bool {
        self.handlers.iter().any(|h| h.row.is_some())
    }
}
