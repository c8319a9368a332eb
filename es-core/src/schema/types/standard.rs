use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, HashSet, LinkedList, VecDeque},
    marker::PhantomData,
    num::{Saturating, Wrapping},
    ops::{Range, RangeInclusive},
    rc::Rc,
    sync::Arc,
    time::{Duration, SystemTime},
};

use crate::schema::{EventSchema, Field, Scalar, Schema, Variant};

/// Types that serde writes as what is inside.
macro_rules! transparent {
    ($([$($param:tt)*] $of:ty;)+) => { $(
        impl<$($param)*> EventSchema for $of {
            const SCHEMA: &'static Schema = T::SCHEMA;
        }
    )+ };
}

transparent! {
    [T: EventSchema + ?Sized] Box<T>;
    [T: EventSchema + ?Sized] Rc<T>;
    [T: EventSchema + ?Sized] Arc<T>;
    [T: EventSchema + ToOwned + ?Sized] Cow<'_, T>;
    [T: EventSchema] Wrapping<T>;
    [T: EventSchema] Saturating<T>;
}

macro_rules! list {
    ($([$($param:tt)*] $of:ty;)+) => { $(
        impl<$($param)*> EventSchema for $of {
            const SCHEMA: &'static Schema = &Schema::List(T::SCHEMA);
        }
    )+ };
}

list! {
    [T: EventSchema] Vec<T>;
    [T: EventSchema] VecDeque<T>;
    [T: EventSchema] LinkedList<T>;
    [T: EventSchema] BinaryHeap<T>;
    [T: EventSchema] BTreeSet<T>;
    [T: EventSchema, S] HashSet<T, S>;
    [T: EventSchema] [T];
}

impl<T: EventSchema> EventSchema for Option<T> {
    const SCHEMA: &'static Schema = &Schema::Optional(T::SCHEMA);
}

impl<T: EventSchema, const N: usize> EventSchema for [T; N] {
    const SCHEMA: &'static Schema = &Schema::Array(T::SCHEMA, N);
}

impl<K: EventSchema, V: EventSchema> EventSchema for BTreeMap<K, V> {
    const SCHEMA: &'static Schema = &Schema::Map(K::SCHEMA, V::SCHEMA);
}

impl<K: EventSchema, V: EventSchema, S> EventSchema for HashMap<K, V, S> {
    const SCHEMA: &'static Schema = &Schema::Map(K::SCHEMA, V::SCHEMA);
}

impl<T: ?Sized> EventSchema for PhantomData<T> {
    const SCHEMA: &'static Schema = &Schema::Scalar(Scalar::Unit);
}

impl<T: EventSchema, E: EventSchema> EventSchema for Result<T, E> {
    const SCHEMA: &'static Schema = &Schema::Enum {
        name: "",
        variants: &[
            Variant { name: "Ok", body: Some(T::SCHEMA) },
            Variant { name: "Err", body: Some(E::SCHEMA) },
        ],
    };
}

macro_rules! fields {
    ($([$($param:tt)*] $of:ty { $($name:literal: $field:ty),+ };)+) => { $(
        impl<$($param)*> EventSchema for $of {
            const SCHEMA: &'static Schema = &Schema::Struct {
                name: "",
                fields: &[$(Field { name: $name, schema: <$field as EventSchema>::SCHEMA }),+],
            };
        }
    )+ };
}

fields! {
    [] Duration { "secs": u64, "nanos": u32 };
    [] SystemTime { "secs_since_epoch": u64, "nanos_since_epoch": u32 };
    [T: EventSchema] Range<T> { "start": T, "end": T };
    [T: EventSchema] RangeInclusive<T> { "start": T, "end": T };
}

macro_rules! tuples {
    ($(($($name:ident),+);)+) => { $(
        impl<$($name: EventSchema),+> EventSchema for ($($name,)+) {
            const SCHEMA: &'static Schema = &Schema::Tuple { name: "", parts: &[$($name::SCHEMA),+] };
        }
    )+ };
}

tuples! {
    (A);
    (A, B);
    (A, B, C);
    (A, B, C, D);
    (A, B, C, D, E);
    (A, B, C, D, E, F);
    (A, B, C, D, E, F, G);
    (A, B, C, D, E, F, G, H);
    (A, B, C, D, E, F, G, H, I);
    (A, B, C, D, E, F, G, H, I, J);
    (A, B, C, D, E, F, G, H, I, J, K);
    (A, B, C, D, E, F, G, H, I, J, K, L);
}
