//! What the macros emit for the items in `expansions/`, and that nothing makes them panic.

mod damage;
mod expansions;

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::{Attribute, Item, Meta};

/// One use of a macro.
struct Use {
    name: String,
    /// The attribute's arguments; empty for a derive.
    arguments: TokenStream,
    item: TokenStream,
}

impl Use {
    fn expand(self) -> TokenStream {
        let Self { name, arguments, item } = self;
        match name.as_str() {
            "Event" => crate::event::derive_event(item),
            "EventSchema" => crate::event_schema::derive_event_schema(item),
            "PastEvent" => crate::event::derive_past_event(item),
            "Aggregate" => crate::aggregate::derive_aggregate(item),
            "Services" => crate::services::derive_services(item),
            "command_handler" => crate::command_handler::command_handler(arguments, item),
            "query_handler" => crate::query_handler::query_handler(arguments, item),
            "projection" => crate::projection::projection(arguments, item),
            other => panic!("no macro `{other}`"),
        }
    }
}

/// The samples, by file name.
const SAMPLES: [(&str, &str); 7] = [
    ("aggregate", include_str!("../../expansions/aggregate.rs")),
    ("command_handler", include_str!("../../expansions/command_handler.rs")),
    ("event", include_str!("../../expansions/event.rs")),
    ("event_schema", include_str!("../../expansions/event_schema.rs")),
    ("projection", include_str!("../../expansions/projection.rs")),
    ("query_handler", include_str!("../../expansions/query_handler.rs")),
    ("services", include_str!("../../expansions/services.rs")),
];

/// The macros used in `source`: the first attribute of each item.
fn uses(source: &str) -> Vec<Use> {
    let file: syn::File = syn::parse_str(source).unwrap();
    file.items.into_iter().map(used).collect()
}

fn used(mut item: Item) -> Use {
    let attribute = attributes(&mut item).remove(0);
    match &attribute.meta {
        Meta::List(list) if list.path.is_ident("derive") => {
            let derive = list.tokens.clone().into_iter().next().unwrap();
            Use { name: derive.to_string(), arguments: TokenStream::new(), item: item.into_token_stream() }
        }
        Meta::List(list) => {
            let name = list.path.to_token_stream().to_string();
            Use { name, arguments: list.tokens.clone(), item: item.into_token_stream() }
        }
        other => {
            let name = other.path().to_token_stream().to_string();
            Use { name, arguments: TokenStream::new(), item: item.into_token_stream() }
        }
    }
}

fn attributes(item: &mut Item) -> &mut Vec<Attribute> {
    match item {
        Item::Enum(item) => &mut item.attrs,
        Item::Fn(item) => &mut item.attrs,
        Item::Impl(item) => &mut item.attrs,
        Item::Struct(item) => &mut item.attrs,
        other => panic!("no macro belongs on `{}`", other.to_token_stream()),
    }
}
