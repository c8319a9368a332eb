//! `#[command_handler]`.

mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::entry;

const PLACE: &str = "`#[command_handler]` belongs on a free function: `fn name(state: &MyAggregate, cmd: &MyCommand) -> Result<MyEvent, MyError>`";

pub(crate) fn command_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::function(item, PLACE, |function, diag| {
        let model = model::Model::read(attribute, function, diag);
        expand::expand(&model, diag.is_clean())
    })
}
