//! `#[query_handler]`.

mod expand;
mod model;

use proc_macro2::TokenStream;

use crate::entry;

const PLACE: &str = "`#[query_handler]` belongs on a free function: `async fn name(views: &Views<MyProjection>, q: &MyQuery) -> Result<MyAnswer, QueryError>`";

pub(crate) fn query_handler(attribute: TokenStream, item: TokenStream) -> TokenStream {
    entry::function(item, PLACE, |function, diag| {
        let model = model::Model::read(attribute, function, diag);
        expand::expand(&model, diag.is_clean())
    })
}
