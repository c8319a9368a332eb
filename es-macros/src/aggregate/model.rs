use proc_macro2::{Span, TokenStream};
use quote::ToTokens;
use syn::{Attribute, Data, DeriveInput, Fields, Ident, LitStr, Path, Type};

use super::kept;
use crate::{
    args,
    diag::Diag,
    names,
    types::{last_segment, same, text, with_names},
};

/// An event of the aggregate and its variant in the enum.
pub(super) struct Event {
    pub(super) ty: Type,
    pub(super) variant: Ident,
}

/// `snapshot(every = 100, version = 2)`
pub(super) struct Snapshot {
    pub(super) span: Span,
    pub(super) every: u64,
    pub(super) version: u32,
}

/// What the derive knows about the type.
pub(super) struct Model<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) es: Path,
    pub(super) category: Option<LitStr>,
    pub(super) id: Option<Type>,
    pub(super) events: Vec<Event>,
    pub(super) snapshot: Option<Snapshot>,
}

const KEYS: &[&str] = &["id", "events", "snapshot", "crate"];
const EXAMPLE: &str = "#[aggregate(\"account\", id = String, events(Opened, Closed))]";

impl<'a> Model<'a> {
    pub(super) fn read(input: &'a DeriveInput, diag: &mut Diag) -> Self {
        check_shape(input, diag);
        let mut model = Self {
            input,
            es: args::default_crate(),
            category: None,
            id: None,
            events: Vec::new(),
            snapshot: None,
        };
        let Some(attr) = args::attribute(&input.attrs, "aggregate", diag) else {
            diag.error(&input.ident, format!("say what it is: add `{EXAMPLE}`"));
            return model;
        };
        model.read_attribute(attr, diag);
        model
    }

    fn read_attribute(&mut self, attr: &Attribute, diag: &mut Diag) {
        let mut given: Vec<String> = Vec::new();
        let mut listed = None;
        let mut snapshot = None;
        let name = args::read(args::inside(attr), KEYS, diag, |key, value| {
            let name = key.to_string();
            match name.as_str() {
                "id" => self.id = Some(args::equals(value)?),
                "events" => listed = Some((key.span(), args::list::<Type>(value)?)),
                "snapshot" => {
                    let content;
                    syn::parenthesized!(content in value);
                    snapshot = Some((key.span(), content.parse::<TokenStream>()?));
                }
                _ => self.es = args::equals_path(value)?,
            }
            given.push(name);
            Ok(())
        });
        let broken = !diag.is_clean();
        let missing = |key: &str, message: &str, diag: &mut Diag| {
            // A misspelt key has been reported, and is likely this one.
            if !given.iter().any(|g| g == key) && !broken {
                diag.error(attr, message);
            }
        };
        match name {
            Some(name) => self.category = diag.take(names::check_category(&name)).map(|()| name),
            None => missing("", &format!("the category is missing: write `{EXAMPLE}`"), diag),
        }
        missing(
            "id",
            "the type of the ids is missing: add `id = String`, or an integer, `Uuid` or a type of yours",
            diag,
        );
        missing(
            "events",
            "the events are missing: add `events(Opened, Closed)` with all events of this aggregate",
            diag,
        );
        if let Some((at, events)) = listed {
            self.read_events(at, events, diag);
        }
        if let Some((at, tokens)) = snapshot {
            self.snapshot = read_snapshot(at, tokens, diag);
            kept::check(self.input, diag);
        }
    }

    fn read_events(&mut self, at: Span, events: Vec<Type>, diag: &mut Diag) {
        if events.is_empty() {
            let message = "an aggregate without events has no state: list them, `events(Opened, Closed)`, each a struct with `#[derive(Event, Serialize, Deserialize)]`";
            diag.error_at(at, message);
        }
        for ty in events {
            let Some(segment) = last_segment(&ty).filter(|segment| !is_keyword(&segment.ident)) else {
                diag.error(
                    &ty,
                    "an event is named by the path of its struct, for example `Opened` or `events::Opened`",
                );
                continue;
            };
            let mut variant = segment.ident.clone();
            if self.events.iter().any(|e| same(&e.ty, &ty)) {
                diag.error(&ty, format!("`{}` is listed twice: remove one", text(&ty)));
                continue;
            }
            if let Some(other) = self.events.iter().find(|e| e.variant == variant) {
                let enum_name = self.enum_name();
                diag.error(
                    &ty,
                    format!("`{}` and `{}` would both be `{enum_name}::{variant}`: rename one of the structs, their stored names can stay", text(&other.ty), text(&ty)),
                );
                variant = quote::format_ident!("{}Again{}", variant, self.events.len());
            }
            self.events.push(Event { ty, variant });
        }
    }

    /// The name of the enum of events.
    pub(super) fn enum_name(&self) -> Ident {
        quote::format_ident!("{}Event", self.input.ident)
    }
}

/// Whether it is a word like `self`, which may end a path but cannot name a variant.
fn is_keyword(ident: &Ident) -> bool {
    syn::parse2::<Ident>(ident.to_token_stream()).is_err()
}

fn read_snapshot(at: Span, tokens: TokenStream, diag: &mut Diag) -> Option<Snapshot> {
    const HOW: &str = "write `snapshot(every = 100)`: a snapshot is taken after that many events";
    let (mut every, mut version) = (None, 1);
    let before = diag.is_clean();
    let text = args::read(tokens, &["every", "version"], diag, |key, value| {
        let number: syn::LitInt = args::equals(value)?;
        if key == "version" {
            version = number.base10_parse::<u32>()?;
            if version == 0 {
                return Err(syn::Error::new(number.span(), "versions count from 1"));
            }
            return Ok(());
        }
        every = Some(number.base10_parse::<u64>()?);
        if every == Some(0) {
            return Err(syn::Error::new(number.span(), HOW));
        }
        Ok(())
    });
    if text.is_some() || (every.is_none() && before && diag.is_clean()) {
        diag.error_at(at, HOW);
    }
    Some(Snapshot { span: at, every: every?, version })
}

fn check_shape(input: &DeriveInput, diag: &mut Diag) {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => {
            if let Fields::Unnamed(fields) = &data.fields {
                let named = with_names(fields);
                diag.error(
                    fields,
                    format!("the state's fields have names: write `struct {ident} {{ {named} }}`"),
                );
            }
        }
        Data::Enum(_) => {}
        Data::Union(data) => {
            diag.error(
                data.union_token,
                format!("an aggregate is a struct or an enum: write `struct {ident} {{ .. }}`"),
            );
        }
    }
    if !input.generics.params.is_empty() {
        let message = format!(
            "an aggregate has one shape and one kind of stream: write `{ident}` without generics and lifetimes, once for each type you need"
        );
        diag.error(&input.generics, message);
    }
    for attr in fields(&input.data).flat_map(|f| &f.attrs).filter(|a| a.path().is_ident("aggregate")) {
        diag.error(attr, "`#[aggregate(..)]` belongs on the type, not on a field");
    }
}

pub(super) fn fields(data: &Data) -> impl Iterator<Item = &syn::Field> {
    let fields: Vec<&syn::Field> = match data {
        Data::Struct(data) => data.fields.iter().collect(),
        Data::Enum(data) => data.variants.iter().flat_map(|v| &v.fields).collect(),
        Data::Union(data) => data.fields.named.iter().collect(),
    };
    fields.into_iter()
}
