//! Accounts over HTTP, as `examples/bank` has them.
