//! A command on its way to a view, over the SQLite backends.
