//! What is there of `errors.rs` without the feature.

/// What is shown of an error as a fault: nothing.
#[derive(Debug, Default)]
pub(crate) struct Shown {
    _nothing: (),
}
