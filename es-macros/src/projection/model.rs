use proc_macro2::TokenStream;
use syn::{
    Attribute, Expr, FnArg, Ident, ImplItem, ImplItemFn, ItemImpl, LitStr, Pat, Path, ReturnType, Type,
    TypePath,
};

use crate::{
    args,
    diag::Diag,
    names, signature,
    types::{same, text},
};

/// What is done with an event that fails.
#[derive(Default)]
pub(super) struct Failure {
    pub(super) stop: bool,
    pub(super) retries: Option<u32>,
}

/// Where a handler's row is found.
pub(super) enum Row {
    /// `#[on(key = e.owner)]`
    Key(Expr),
    /// `#[on(aggregate_id)]`
    Aggregate,
}

/// One handler function.
pub(super) struct Handler {
    pub(super) name: Ident,
    pub(super) cfgs: Vec<Attribute>,
    /// The type of the first parameter, as written.
    pub(super) view: Type,
    pub(super) event: Type,
    pub(super) event_pattern: Pat,
    pub(super) metadata: Option<(Pat, Type)>,
    pub(super) output: ReturnType,
    pub(super) row: Option<Row>,
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
const HELPERS: &str = "every function of this block is a handler: move helpers into another `impl` block";
const HANDLER: &str = "fn on_event(view: &mut MyView, e: &MyEvent)";

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
                ImplItem::Fn(function) => model.read_handler(function, diag),
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

    fn read_handler(&mut self, function: &mut ImplItemFn, diag: &mut Diag) {
        let row = read_row(&mut function.attrs, diag);
        let signature = &function.sig;
        signature::check(signature, "a projection's handler", diag);
        if let Some(asyncness) = &signature.asyncness {
            let message = "a handler only changes the row: remove `async`; what must wait for something belongs into a command handler";
            diag.error(asyncness, message);
        }
        if let Some(receiver) = signature.receiver() {
            diag.error(
                receiver,
                format!("a handler depends on its event alone: remove `self`, write `{HANDLER}`; {HELPERS}"),
            );
            return;
        }
        let params: Vec<&FnArg> = signature.inputs.iter().collect();
        let (view, event, metadata) = match params[..] {
            [view, event] => (view, event, None),
            [view, event, metadata] => (view, event, Some(metadata)),
            _ => {
                let message = format!(
                    "a handler takes the view, the event, and, if it needs it, the metadata: write `{HANDLER}` or `fn on_event(view: &mut MyView, e: &MyEvent, m: &Metadata)`; {HELPERS}"
                );
                diag.error(&signature.ident, message);
                return;
            }
        };
        let view = signature::reference(view, "", diag).inspect(|view| {
            if view.mutability.is_none() {
                diag.error(view, format!("a handler changes the row: write `&mut {}`", text(&view.elem)));
            }
        });
        let event_type = signature::shared(event, "", diag);
        let metadata_type = metadata.map(|m| signature::shared(m, "", diag));
        let (Some(view), Some(event_type), FnArg::Typed(event)) = (view, event_type, event) else { return };
        let metadata = match (metadata, metadata_type) {
            (Some(FnArg::Typed(metadata)), Some(Some(ty))) => Some(((*metadata.pat).clone(), ty)),
            (None, _) => None,
            _ => return,
        };
        if let Some(other) = self.handlers.iter().find(|h| same(&h.event, &event_type)) {
            let message =
                format!("`{}` handles `{}` already: do both in one handler", other.name, text(&event_type));
            diag.error(&event_type, message);
            return;
        }
        self.handlers.push(Handler {
            name: signature.ident.clone(),
            cfgs: function.attrs.iter().filter(|a| a.path().is_ident("cfg")).cloned().collect(),
            view: Type::Reference(view),
            event: event_type,
            event_pattern: (*event.pat).clone(),
            metadata,
            output: signature.output.clone(),
            row,
        });
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

fn read_row(attrs: &mut Vec<Attribute>, diag: &mut Diag) -> Option<Row> {
    const HOW: &str =
        "write `#[on(key = e.owner)]`, an expression over the handler's parameters, or `#[on(aggregate_id)]`";
    let mut row = None;
    let mut ours = Vec::new();
    attrs.retain(|attr| {
        let on = attr.path().is_ident("on");
        if on {
            ours.push(attr.clone());
        }
        !on
    });
    for attr in ours {
        let before = row.is_some();
        let clean = diag.is_clean();
        if let syn::Meta::List(list) = &attr.meta {
            let text = args::read(list.tokens.clone(), &["key", "aggregate_id"], diag, |key, value| {
                row = Some(if key == "key" { Row::Key(args::equals(value)?) } else { Row::Aggregate });
                Ok(())
            });
            if let Some(text) = text {
                diag.error(text, HOW);
            }
        }
        if before {
            diag.error(&attr, "one `#[on(..)]` is enough");
        } else if row.is_none() && clean && diag.is_clean() {
            diag.error(&attr, HOW);
        }
    }
    row
}
