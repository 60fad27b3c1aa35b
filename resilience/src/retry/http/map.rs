/// Makes of a [`ReplayBody`](super::super::ReplayBody) the body that the inner service takes.
/// Closures do.
pub trait MapBody<B> {
    /// What the inner service takes.
    type Body;

    /// Makes it.
    fn map_body(&self, body: B) -> Self::Body;
}

/// Leaves the body as it is, for services that take any.
#[derive(Clone, Copy, Debug, Default)]
pub struct Unmapped;

impl<B> MapBody<B> for Unmapped {
    type Body = B;

    fn map_body(&self, body: B) -> B {
        body
    }
}

impl<B, F, T> MapBody<B> for F
where
    F: Fn(B) -> T,
{
    type Body = T;

    fn map_body(&self, body: B) -> T {
        self(body)
    }
}
