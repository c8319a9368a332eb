/// A struct of services has one of type `T`. Made by `#[derive(Services)]`.
#[diagnostic::on_unimplemented(
    message = "no service of type `{T}` in `{Self}`",
    label = "a handler asks for `&{T}`",
    note = "give the App a struct with `#[derive(Services)]` and a field of type `{T}`: `App::builder(store).services(MyServices {{ .. }})`",
    note = "a field that is a `Box`, `Arc` or other pointer gives what it points to with `#[provide(dyn MyTrait)]` on it"
)]
pub trait Provides<T: ?Sized> {
    /// The service.
    fn service(&self) -> &T;
}
