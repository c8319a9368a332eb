//! A year of flights, as `examples/flights` takes it.
