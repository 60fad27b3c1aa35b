//! What the tests of this workspace share: private servers to run against.
//!
//! Not published. Only tests depend on it, so its functions return plain errors that are meant to
//! be unwrapped, and it blocks: starting a server takes about a second.

pub mod servers;
