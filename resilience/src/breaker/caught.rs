use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a user's function says, or `None` if it panics. Results are told to destructors as well,
/// from where no panic may get out, and neither may that of what the panic carries.
pub(super) fn caught<T>(run: impl FnOnce() -> T) -> Option<T> {
    let payload = match catch_unwind(AssertUnwindSafe(run)) {
        Ok(result) => return Some(result),
        Err(payload) => payload,
    };
    if let Err(another) = catch_unwind(AssertUnwindSafe(|| drop(payload))) {
        // There is no end to those otherwise.
        std::mem::forget(another);
    }
    None
}
