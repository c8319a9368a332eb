/// A struct of services has one of type `T`. Made by `#[derive(Services)]`.
#[diagnostic::on_unimplemented(
    message = "no service of type `{T}` in `{Self}`",
    label = "a handler asks for `&{T}`",
    note = "add a field of type `{T}` to `{Self}`, which has `#[derive(Services)]`, and pass it to `App::builder(store).services(..)`"
)]
pub trait Provides<T: ?Sized> {
    /// The service.
    fn service(&self) -> &T;
}
