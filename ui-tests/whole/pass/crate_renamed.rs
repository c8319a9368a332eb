//! The framework under another name, and behind another crate's re-export.
#![no_implicit_prelude]
extern crate event_sourcing as es_renamed;
extern crate std;

mod platform {
    pub mod es {
        pub use ::es_renamed::*;
    }
}
mod event_sourcing {}

use platform::es;
use ::serde::{Deserialize, Serialize};
use std::{boxed::Box, option::Option, prelude::rust_2024::derive, result::Result, string::String};

#[derive(es::PastEvent, Serialize, Deserialize)]
#[event("account.opened", version = 1, crate = crate::platform::es)]
pub struct OpenedV1 {}
#[derive(es::Event, Serialize, Deserialize)]
#[event("account.opened", version = 2, from = OpenedV1, crate = ::es_renamed)]
pub struct Opened {
    pub owner: String,
}
impl std::convert::From<OpenedV1> for Opened {
    fn from(_: OpenedV1) -> Self {
        Self { owner: String::new() }
    }
}

#[derive(es::Aggregate, Default, Serialize, Deserialize)]
#[aggregate("account", id = String, events(Opened), snapshot(every = 5), crate = platform::es)]
pub struct Account {}
impl es::aggregate::Apply<Opened> for Account {
    fn apply(&mut self, _: &Opened) {}
}

pub trait Mailer: std::marker::Send + std::marker::Sync {}
#[derive(es::Services)]
#[services(crate = platform::es)]
pub struct Services {
    #[provide(dyn Mailer)]
    mailer: Box<dyn Mailer>,
}

pub struct Open;
#[es::command_handler(creates = Account, crate = es)]
fn open(_: &Open, _: &dyn Mailer) -> Result<Opened, std::convert::Infallible> {
    Result::Ok(Opened { owner: String::new() })
}

#[derive(Default, Serialize, Deserialize)]
pub struct Row {}
pub struct Rows;
#[es::projection("rows", view = Row, key = String, crate = platform::es)]
impl Rows {
    fn opened(_: &mut Row, _: &Opened) {}
}
pub struct Get;
#[es::query_handler(crate = platform::es)]
async fn get(views: &es::query::Views<Rows>, _: &Get) -> Result<Option<Row>, es::query::QueryError> {
    views.get(&String::new()).await
}

use std::default::Default;
fn main() {}
