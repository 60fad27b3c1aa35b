use super::{Classify, Verdict};

/// Takes every error for a transient failure and every `Ok` for a success: the judgement of a
/// caller that knows nothing about its errors.
#[derive(Clone, Copy, Debug, Default)]
pub struct AnyError;

impl<T, E> Classify<Result<T, E>> for AnyError {
    fn classify(&self, result: &Result<T, E>) -> Verdict {
        if result.is_ok() { Verdict::success() } else { Verdict::transient() }
    }
}
