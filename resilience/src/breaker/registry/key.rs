use std::sync::Arc;

/// What a key of [`CircuitBreakers`](super::CircuitBreakers) is looked for by, and made of where
/// there is none: itself, or a `str` for each kind of string.
///
/// ```
/// use mainstay_resilience::breaker::{CircuitBreaker, CircuitBreakers};
/// use std::sync::Arc;
///
/// let hosts = CircuitBreakers::<Arc<str>>::new(CircuitBreaker::builder("hosts"))?;
/// assert_eq!(hosts.get("a.example.com").name().as_str(), "hosts/a.example.com");
/// # Ok::<(), mainstay_resilience::breaker::InvalidConfig>(())
/// ```
pub trait ToKey<K> {
    /// Makes the key. It has to be equal to this.
    fn to_key(&self) -> K;
}

impl<K: Clone> ToKey<K> for K {
    fn to_key(&self) -> K {
        self.clone()
    }
}

impl ToKey<String> for str {
    fn to_key(&self) -> String {
        self.into()
    }
}

impl ToKey<Box<str>> for str {
    fn to_key(&self) -> Box<str> {
        self.into()
    }
}

impl ToKey<Arc<str>> for str {
    fn to_key(&self) -> Arc<str> {
        self.into()
    }
}
