use super::Aggregate;
use crate::event::Event;

/// `Self` has `E` among its events. Made by `#[derive(Aggregate)]`.
#[diagnostic::on_unimplemented(
    message = "`{E}` is not an event of aggregate `{Self}`",
    label = "`{Self}` has no event `{E}`",
    note = "add `{E}` to `#[aggregate(events(..))]` on `{Self}`"
)]
pub trait Emits<E> {
    /// Puts the event into the aggregate's enum.
    fn wrap(event: E) -> Self::Event
    where
        Self: Aggregate;
}

/// What a command handler of `A` may return: an event, the aggregate's enum, a tuple, `Option` or `Vec` of
/// them, or `()` for "nothing happened".
#[diagnostic::on_unimplemented(
    message = "a command handler of `{A}` cannot return `{Self}`",
    label = "not events of `{A}`",
    note = "return an event of `{A}`, a tuple, `Option` or `Vec` of events, or `()` for \"nothing happened\"",
    note = "if `{Self}` is a current event, add it to `#[aggregate(events(..))]` on `{A}`; a past one cannot happen any more"
)]
pub trait IntoEvents<A> {
    /// Appends the events to `out`, in order.
    fn into_events(self, out: &mut Vec<A::Event>)
    where
        // Not on the trait: a type that is no aggregate is reported where it is named, and not here again.
        A: Aggregate;
}

#[diagnostic::do_not_recommend]
impl<A: Emits<E>, E: Event> IntoEvents<A> for E {
    fn into_events(self, out: &mut Vec<A::Event>)
    where
        A: Aggregate,
    {
        out.push(A::wrap(self));
    }
}

impl<A> IntoEvents<A> for () {
    fn into_events(self, _: &mut Vec<A::Event>)
    where
        A: Aggregate,
    {
    }
}

impl<A, T: IntoEvents<A>> IntoEvents<A> for Option<T> {
    fn into_events(self, out: &mut Vec<A::Event>)
    where
        A: Aggregate,
    {
        if let Some(events) = self {
            events.into_events(out);
        }
    }
}

impl<A, T: IntoEvents<A>> IntoEvents<A> for Vec<T> {
    fn into_events(self, out: &mut Vec<A::Event>)
    where
        A: Aggregate,
    {
        out.reserve(self.len());
        for events in self {
            events.into_events(out);
        }
    }
}

macro_rules! tuples { ($(($($t:ident)+))*) => { $(
    impl<A, $($t: IntoEvents<A>),+> IntoEvents<A> for ($($t,)+) {
        fn into_events(self, out: &mut Vec<A::Event>)
        where
            A: Aggregate,
        {
            #[allow(non_snake_case, reason = "the type parameters name the fields")]
            let ($($t,)+) = self;
            $($t.into_events(out);)+
        }
    }
)* } }
tuples!((T1)(T1 T2)(T1 T2 T3)(T1 T2 T3 T4)(T1 T2 T3 T4 T5)(T1 T2 T3 T4 T5 T6));
