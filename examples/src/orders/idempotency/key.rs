use http::header::HeaderMap;
use mainstay_idempotency::{InvalidKey, Key, Scope, key_of};
use sha2::{Digest, Sha256};

use crate::orders::OrderError;
use crate::serve::Wire;

const X_API_KEY: &str = "x-api-key";

/// A client's key, and what it is unique within: the caller and the route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScopedKey {
    /// The route and the caller. A caller's secret is in it as a digest only.
    pub scope: String,
    /// The key.
    pub key: String,
    /// Both, as stores of claims know them.
    pub id: Key,
}

impl ScopedKey {
    /// Reads the key of a request to this route.
    pub fn from_headers(route: &str, headers: &HeaderMap) -> Result<Self, OrderError> {
        let key = key_of(headers).map_err(|_| OrderError::KeyInvalid)?;
        let key = key.ok_or(OrderError::KeyMissing)?.into_owned();
        Self::new(scope(route, headers), key).map_err(|_| OrderError::KeyInvalid)
    }

    /// A key that was read before.
    pub fn new(scope: String, key: String) -> Result<Self, InvalidKey> {
        let id = Key::new(&Scope::of([scope.as_str()]), &key)?;
        Ok(Self { scope, key, id })
    }

    /// The wire that it came over: a route over gRPC is a path, and one over HTTP begins with a
    /// method.
    pub fn wire(&self) -> Wire {
        if self.scope.starts_with('/') { Wire::Grpc } else { Wire::Http }
    }

    /// The key under which the payment gateway is charged: the same for the same scope and key,
    /// whoever asks, and so the same for a retry and for the reconciler.
    ///
    /// It is another one in another database: the gateway remembers what a database that was thrown
    /// away had asked for.
    pub fn for_gateway(&self, database: &str) -> String {
        let Self { scope, key, .. } = self;
        // None but the last has control characters, so that the parts cannot run into each other.
        hex_digest(&[database.as_bytes(), &[0], scope.as_bytes(), &[0], key.as_bytes()])
    }
}

/// What the keys of a request to this route are unique within.
pub(super) fn scope(route: &str, headers: &HeaderMap) -> String {
    let caller = headers.get(X_API_KEY).map(|secret| hex_digest(&[secret.as_bytes()]));
    format!("{route} {}", caller.as_deref().unwrap_or("anonymous"))
}

fn hex_digest(parts: &[&[u8]]) -> String {
    let mut digest = Sha256::new();
    for part in parts {
        digest.update(part);
    }
    digest.finalize().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    fn headers(pairs: &[(&'static str, &'static str)]) -> HeaderMap {
        let pair = |&(name, value): &(&'static str, &'static str)| {
            (HeaderName::from_static(name), HeaderValue::from_static(value))
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn a_key_is_read_is_missing_or_is_none() {
        let read = |headers: &HeaderMap| ScopedKey::from_headers("POST /x", headers);
        let bare = read(&headers(&[("idempotency-key", "k")])).unwrap();
        assert_eq!(read(&headers(&[("x-idempotency-key", "\"k\"")])).unwrap(), bare);
        assert_eq!(ScopedKey::new(bare.scope.clone(), bare.key.clone()), Ok(bare));
        assert!(matches!(read(&headers(&[])), Err(OrderError::KeyMissing)));
        let two = headers(&[("idempotency-key", "k"), ("x-idempotency-key", "l")]);
        assert!(matches!(read(&two), Err(OrderError::KeyInvalid)));
    }

    #[test]
    fn a_gateway_key_is_of_one_database_scope_and_key() {
        let gateway_key = |database, scope: &str, key: &str| {
            ScopedKey::new(scope.to_owned(), key.to_owned()).unwrap().for_gateway(database)
        };
        assert_eq!(gateway_key("d", "s", "k"), gateway_key("d", "s", "k"));
        for other in [("e", "s", "k"), ("d", "t", "k"), ("d", "s", "l"), ("ds", "", "k")] {
            assert_ne!(gateway_key(other.0, other.1, other.2), gateway_key("d", "s", "k"));
        }
    }

    #[test]
    fn a_key_knows_its_wire() {
        for (route, wire) in [("POST /x", Wire::Http), ("/x.v1.X/Make", Wire::Grpc)] {
            let key = ScopedKey::from_headers(route, &headers(&[("idempotency-key", "k")]));
            assert_eq!(key.unwrap().wire(), wire);
        }
    }

    #[test]
    fn the_scope_is_the_caller_and_the_route_and_tells_no_secret() {
        let of = |pairs: &[_]| scope("POST /x", &headers(pairs));
        assert_eq!(of(&[]), "POST /x anonymous");
        let secret = of(&[("x-api-key", "secret")]);
        assert_ne!(secret, of(&[("x-api-key", "other")]));
        assert!(!secret.contains("secret"));
    }
}
