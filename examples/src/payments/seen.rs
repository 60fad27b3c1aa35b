use std::collections::{BTreeMap, VecDeque};

use http::{HeaderMap, Method};

/// How many requests are kept; an older one makes room.
const KEPT: usize = 100;

/// The headers of one request, with `:method` and `:path` as HTTP/2 writes them. The values of a
/// header that came more than once are joined by `", "`.
pub type SeenHeaders = BTreeMap<String, String>;

/// The last requests' headers, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    requests: VecDeque<SeenHeaders>,
}

impl Seen {
    /// Notes a request.
    pub fn note(&mut self, method: &Method, path: &str, headers: &HeaderMap) {
        let mut seen = SeenHeaders::new();
        seen.insert(":method".to_owned(), method.to_string());
        seen.insert(":path".to_owned(), path.to_owned());
        for (name, value) in headers {
            let value = String::from_utf8_lossy(value.as_bytes());
            seen.entry(name.to_string())
                .and_modify(|all| {
                    all.push_str(", ");
                    all.push_str(&value);
                })
                .or_insert_with(|| value.to_string());
        }
        if self.requests.len() == KEPT {
            self.requests.pop_front();
        }
        self.requests.push_back(seen);
    }

    /// What was noted, oldest first.
    pub fn requests(&self) -> &VecDeque<SeenHeaders> {
        &self.requests
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    #[test]
    fn the_last_hundred_are_kept() {
        let mut seen = Seen::default();
        for number in 0..=KEPT {
            seen.note(&Method::GET, &format!("/{number}"), &HeaderMap::new());
        }
        assert_eq!(seen.requests().len(), KEPT);
        assert_eq!(seen.requests()[0][":path"], "/1");
    }

    #[test]
    fn values_are_joined() {
        let mut headers = HeaderMap::new();
        headers.append("baggage", HeaderValue::from_static("a=1"));
        headers.append("baggage", HeaderValue::from_static("b=2"));
        let mut seen = Seen::default();
        seen.note(&Method::POST, "/charges", &headers);
        assert_eq!(seen.requests()[0]["baggage"], "a=1, b=2");
    }
}
