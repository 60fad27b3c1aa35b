//! What the tests of this workspace share: [private servers](servers) to run against, the
//! [laws of tower's contract](probe) that every layer is held to, and [corpora](corpus) of inputs.
//!
//! Not published. Only tests depend on it, so its functions return plain errors that are meant to
//! be unwrapped, or panic where a test is to fail.

pub mod corpus;
pub mod probe;
pub mod servers;
