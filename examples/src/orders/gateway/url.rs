use std::fmt;
use std::net::SocketAddr;
use std::str::FromStr;

use http::Uri;

/// Where the payment gateway is: `http://HOST[:PORT][/PATH]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GatewayUrl {
    base: String,
    charges: Uri,
}

/// A text that is no [`GatewayUrl`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be http://HOST[:PORT][/PATH]")]
pub struct InvalidGatewayUrl;

impl GatewayUrl {
    /// The gateway that listens on this address.
    pub fn local(address: SocketAddr) -> Result<Self, InvalidGatewayUrl> {
        format!("http://{address}").parse()
    }

    /// Where charges are made.
    pub(super) fn charges(&self) -> Uri {
        self.charges.clone()
    }
}

impl FromStr for GatewayUrl {
    type Err = InvalidGatewayUrl;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let base = text.trim_end_matches('/');
        let charges: Uri = format!("{base}/charges").parse().map_err(|_| InvalidGatewayUrl)?;
        let is_plain = charges.scheme_str() == Some("http") && charges.query().is_none();
        // Nobody would send a name and a password on, and the URL is printed.
        let has_user = charges.authority().is_some_and(|it| it.as_str().contains('@'));
        // A fragment would swallow the path that is put behind it; `Uri` drops it silently.
        if !is_plain || has_user || charges.host().is_none_or(str::is_empty) || base.contains('#') {
            return Err(InvalidGatewayUrl);
        }
        Ok(Self { base: base.to_owned(), charges })
    }
}

impl fmt::Display for GatewayUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls() {
        let charges = |text: &str| text.parse::<GatewayUrl>().map(|url| url.charges().to_string());
        assert_eq!(charges("http://h:1").unwrap(), "http://h:1/charges");
        assert_eq!(charges("http://h/pay/").unwrap(), "http://h/pay/charges");
        let wrongs = ["", "h:1", "https://h", "http://", "http:///x", "http://h?x", "http://h#x"];
        for wrong in wrongs.into_iter().chain(["http://user@h", "http://user:secret@h:1/pay"]) {
            assert_eq!(charges(wrong), Err(InvalidGatewayUrl), "{wrong}");
        }
    }
}
