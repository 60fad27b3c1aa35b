/// What a request has to have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyRule {
    /// A key: without one it is refused.
    Required,
    /// A key, or it runs without protection.
    Optional,
    /// No matter what: it runs without protection.
    Ignored,
}
