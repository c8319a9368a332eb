use proc_macro2::TokenStream;
use syn::{FnArg, ItemFn, Path, Type};

use crate::{
    args,
    diag::Diag,
    signature,
    types::{arguments, is_named, text},
};

/// What a parameter of the handler gets.
pub(super) enum Arg {
    /// The views of a projection.
    Views(Type),
    Query,
    Service(Type),
}

/// What the attribute knows about the handler.
pub(super) struct Model<'a> {
    pub(super) item: &'a ItemFn,
    pub(super) es: Path,
    pub(super) query: Option<Type>,
    pub(super) args: Vec<Arg>,
    /// The type it returns.
    pub(super) returned: Option<Type>,
}

const SELF: &str = "a query handler is a free function: move it out of the `impl` block, and take `views: &Views<MyProjection>` instead of `self`";

impl<'a> Model<'a> {
    pub(super) fn read(attribute: TokenStream, item: &'a ItemFn, diag: &mut Diag) -> Self {
        let mut model =
            Self { item, es: args::default_crate(), query: None, args: Vec::new(), returned: None };
        let text = args::read(attribute, &["crate"], diag, |_, value| {
            model.es = args::equals_path(value)?;
            Ok(())
        });
        if let Some(text) = text {
            diag.error(text, "a query handler has no name of its own: its query's type is enough");
        }
        signature::check(&item.sig, "a query handler", diag);
        model.read_params(diag);
        model.returned = signature::returned(&item.sig, "Result<MyAnswer, QueryError>", diag);
        model
    }

    fn read_params(&mut self, diag: &mut Diag) {
        let inputs = &self.item.sig.inputs;
        if inputs.iter().any(|arg| matches!(arg, FnArg::Receiver(_))) {
            diag.error(inputs.first(), SELF);
            return;
        }
        let mut broken = false;
        let mut views = 0;
        for arg in inputs {
            let Some(ty) = signature::shared(arg, SELF, diag) else {
                broken = true;
                continue;
            };
            if is_named(&ty, "Views") {
                views += 1;
                match arguments(&ty)[..] {
                    [projection] => self.args.push(Arg::Views(projection.clone())),
                    _ => diag.error(&ty, "name the projection: write `&Views<MyProjection>`"),
                }
                if self.query.is_some() {
                    diag.error(arg, "the views come before the query");
                }
            } else if self.query.is_none() && !broken {
                self.query = Some(ty);
                self.args.push(Arg::Query);
            } else {
                self.args.push(Arg::Service(ty));
            }
        }
        if broken {
            return;
        }
        let (name, close) = (&self.item.sig.ident, self.item.sig.paren_token.span.close());
        match &self.query {
            Some(query) if views == 0 => {
                let query = text(query);
                diag.error(
                    inputs.first(),
                    format!("a query handler reads views: write `fn {name}(views: &Views<MyProjection>, q: &{query})`, with the type that has `#[projection]`"),
                );
            }
            Some(_) => {}
            None => {
                diag.error_at(
                    close,
                    format!(
                        "the query is missing: write `fn {name}(views: &Views<MyProjection>, q: &MyQuery)`"
                    ),
                );
            }
        }
    }
}
