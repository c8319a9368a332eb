//! What the crate promises to its users, seen from outside.

mod conformance;
