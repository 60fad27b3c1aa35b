//! The two things a test needs from a server's URL.

/// The port in `url`, or `default` where it names none.
pub(super) fn port(url: &str, default: u16) -> u16 {
    let (_, authority, _) = split(url);
    let host = authority.rsplit('@').next().unwrap_or(authority);
    // An IPv6 address is in brackets, and full of colons.
    let after_address = host.rsplit(']').next().unwrap_or(host);
    after_address.rsplit_once(':').and_then(|(_, port)| port.parse().ok()).unwrap_or(default)
}

/// `url` with another database, everything else as it was.
pub(super) fn with_database(url: &str, database: &str) -> String {
    let (scheme, authority, rest) = split(url);
    let query = rest.find('?').and_then(|at| rest.get(at..)).unwrap_or_default();
    format!("{scheme}{authority}/{database}{query}")
}

/// `scheme://`, the authority, and the path with all after it.
fn split(url: &str) -> (&str, &str, &str) {
    let scheme = url.find("://").map_or(0, |at| at + "://".len());
    let (scheme, rest) = url.split_at_checked(scheme).unwrap_or(("", url));
    let end = rest.find(['/', '?']).unwrap_or(rest.len());
    let (authority, rest) = rest.split_at_checked(end).unwrap_or((rest, ""));
    (scheme, authority, rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_port_is_the_one_named_or_the_default() {
        assert_eq!(port("redis://127.0.0.1:7000/0", 6379), 7000);
        assert_eq!(port("redis://:secret@cache/0", 6379), 6379);
        assert_eq!(port("postgres://me:pa55@[::1]:5433/db?sslmode=disable", 5432), 5433);
        assert_eq!(port("postgres://[::1]/db", 5432), 5432);
        assert_eq!(port("postgres:///db?host=/run/postgresql", 5432), 5432);
    }

    #[test]
    fn only_the_database_is_replaced() {
        let cases = [
            ("postgres://me:pw@host:1/old?a=b", "postgres://me:pw@host:1/new?a=b"),
            ("postgres://host/old", "postgres://host/new"),
            ("postgres://host", "postgres://host/new"),
            ("postgres://host?a=/b", "postgres://host/new?a=/b"),
            ("postgres:///old?host=/run", "postgres:///new?host=/run"),
        ];
        for (url, expected) in cases {
            assert_eq!(with_database(url, "new"), expected);
        }
    }
}
