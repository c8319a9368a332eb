use proc_macro2::TokenStream;
use syn::{FnArg, ItemFn, Path, Type, spanned::Spanned};

use crate::{
    args,
    diag::Diag,
    signature,
    types::{is_named, same, text},
};

/// What a parameter of the handler gets.
pub(super) enum Arg {
    State,
    Command,
    Service(Type),
    /// The type as written, to show a wrong aggregate there.
    Context(Type),
}

/// What the attribute knows about the handler.
pub(super) struct Model<'a> {
    pub(super) item: &'a ItemFn,
    pub(super) es: Path,
    pub(super) aggregate: Option<Type>,
    pub(super) creates: bool,
    pub(super) command: Option<Type>,
    pub(super) args: Vec<Arg>,
    /// The type it returns.
    pub(super) returned: Option<Type>,
}

const SELF: &str = "a command handler is a free function: move it out of the `impl` block, and take `state: &MyAggregate` instead of `self`";

impl<'a> Model<'a> {
    pub(super) fn read(attribute: TokenStream, item: &'a ItemFn, diag: &mut Diag) -> Self {
        let mut model = Self {
            item,
            es: args::default_crate(),
            aggregate: None,
            creates: false,
            command: None,
            args: Vec::new(),
            returned: None,
        };
        let text = args::read(attribute, &["creates", "crate"], diag, |key, value| {
            match key.to_string().as_str() {
                "creates" => {
                    model.creates = true;
                    model.aggregate = Some(args::equals(value)?);
                }
                _ => model.es = args::equals_path(value)?,
            }
            Ok(())
        });
        if let Some(text) = text {
            diag.error(text, "a command handler has no name of its own: its command's type is enough");
        }
        let attribute_is_clean = diag.is_clean();
        signature::check(&item.sig, "a command handler", diag);
        model.read_params(attribute_is_clean, diag);
        model.returned = signature::returned(&item.sig, "Result<MyEvent, MyError>", diag);
        model
    }

    fn read_params(&mut self, attribute_is_clean: bool, diag: &mut Diag) {
        let inputs = &self.item.sig.inputs;
        if inputs.iter().any(|arg| matches!(arg, FnArg::Receiver(_))) {
            diag.error(inputs.first(), SELF);
            return;
        }
        let mut has_context = false;
        let mut broken = false;
        for arg in inputs {
            let Some(ty) = signature::shared(arg, SELF, diag) else {
                broken = true;
                continue;
            };
            if is_named(&ty, "CommandContext") {
                if has_context {
                    diag.error(&ty, "one `&CommandContext<..>` is enough");
                } else if self.command.is_none() && !broken {
                    diag.error(&ty, format!("the context comes after {}", self.leading()));
                }
                has_context = true;
                self.args.push(Arg::Context(ty));
            } else if self.aggregate.is_none() && !broken {
                self.aggregate = Some(ty);
                self.args.push(Arg::State);
            } else if self.command.is_none() && !broken {
                if self.creates && self.aggregate.as_ref().is_some_and(|a| same(a, &ty)) {
                    let message = format!(
                        "`creates = {}` runs before there is any state: remove this parameter, or remove `creates`",
                        text(&ty)
                    );
                    diag.error(arg, message);
                    continue;
                }
                self.command = Some(ty);
                self.args.push(Arg::Command);
            } else {
                self.args.push(Arg::Service(ty));
            }
        }
        // A misspelt `creates` has been reported, and explains a missing state.
        if self.command.is_none() && !broken && attribute_is_clean {
            self.explain_params(diag);
        }
    }

    fn leading(&self) -> &'static str {
        if self.creates { "the command" } else { "the state and the command" }
    }

    fn explain_params(&self, diag: &mut Diag) {
        let name = &self.item.sig.ident;
        let close = self.item.sig.paren_token.span.close();
        match &self.aggregate {
            _ if self.creates => {
                diag.error_at(close, format!("the command is missing: write `fn {name}(cmd: &MyCommand)`"));
            }
            Some(one) => {
                let one = text(one);
                let message = format!(
                    "a command handler takes the state, then the command: write `fn {name}(state: &MyAggregate, cmd: &{one})`, or, if it creates the aggregate, `#[command_handler(creates = MyAggregate)]`"
                );
                diag.error_at(self.item.sig.inputs.span(), message);
            }
            None => {
                let message = format!(
                    "a command handler takes the state, then the command: write `fn {name}(state: &MyAggregate, cmd: &MyCommand)`"
                );
                diag.error_at(close, message);
            }
        }
    }
}
