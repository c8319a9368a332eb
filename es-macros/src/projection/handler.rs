use syn::{Attribute, Expr, FnArg, Ident, ImplItemFn, Pat, ReturnType, Type, parse_quote};

use crate::{args, diag::Diag, signature, types::text};

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

pub(super) const HELPERS: &str =
    "every function of this block is a handler: move helpers into another `impl` block";
pub(super) const HANDLER: &str = "fn on_event(view: &mut MyView, e: &MyEvent)";

impl Handler {
    /// Reads a function of the block and takes its `#[on(..)]` away.
    pub(super) fn read(function: &mut ImplItemFn, diag: &mut Diag) -> Option<Self> {
        let row = read_row(&mut function.attrs, diag);
        if matches!(row, Some(Row::Key(_))) {
            let used =
                parse_quote!(#[allow(unused_variables, reason = "the key may be all that looks at one")]);
            function.attrs.push(used);
        }
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
            return None;
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
                return None;
            }
        };
        let view = signature::reference(view, "", diag).inspect(|view| {
            if view.mutability.is_none() {
                diag.error(view, format!("a handler changes the row: write `&mut {}`", text(&view.elem)));
            }
        });
        let event_type = signature::shared(event, "", diag);
        let metadata_type = metadata.map(|m| signature::shared(m, "", diag));
        let (Some(view), Some(event_type), FnArg::Typed(event)) = (view, event_type, event) else {
            return None;
        };
        let metadata = match (metadata, metadata_type) {
            (Some(FnArg::Typed(metadata)), Some(Some(ty))) => Some(((*metadata.pat).clone(), ty)),
            (None, _) => None,
            _ => return None,
        };
        Some(Self {
            name: signature.ident.clone(),
            cfgs: function.attrs.iter().filter(|a| a.path().is_ident("cfg")).cloned().collect(),
            view: Type::Reference(view),
            event: event_type,
            event_pattern: (*event.pat).clone(),
            metadata,
            output: signature.output.clone(),
            row,
        })
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
