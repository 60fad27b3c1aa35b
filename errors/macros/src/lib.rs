//! The derive of mainstay-errors; use it through that crate.
