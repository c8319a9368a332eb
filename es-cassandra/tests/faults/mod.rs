//! What networks and servers do wrong, and what becomes of commits meanwhile.

mod proxy;
mod race;
