//! Faults in faults, and the error that holds any of them.
#![deny(warnings)]

use std::time::Duration;

use mainstay_errors::{Details, Error, Fault, PublicMessage};

#[derive(Debug, thiserror::Error, Fault)]
#[error("busy")]
#[fault(unavailable, reason = "BUSY", message = "Try {what} again.", domain = "a.example.com")]
struct Busy {
    #[fault(public)]
    what: &'static str,
    #[fault(retry_after)]
    wait: Duration,
    #[fault(details)]
    details: Details,
}

#[derive(Debug, thiserror::Error, Fault)]
enum Middle {
    #[error(transparent)]
    #[fault(transparent)]
    Busy(#[from] Busy),
}

#[derive(Debug, thiserror::Error, Fault)]
#[error(transparent)]
#[fault(transparent)]
struct Outer(Middle);

#[derive(Debug, thiserror::Error, Fault)]
#[fault(domain = "b.example.com")]
enum Top {
    #[error("named")]
    #[fault(transparent)]
    Named { source: Outer },

    #[error("any: {0}")]
    #[fault(transparent)]
    Any(Error),

    #[error("own")]
    #[fault(internal, reason = "OWN", message = "It broke.")]
    Own,
}

fn busy() -> Busy {
    Busy { what: "it", wait: Duration::from_secs(2), details: Details::resource("order", "7") }
}

fn main() {
    let faults = [
        Top::Named { source: Outer(Middle::from(busy())) },
        Top::Any(Error::new(Outer(Middle::Busy(busy())))),
    ];
    for fault in faults {
        assert_eq!(fault.kind().reason, "BUSY");
        assert_eq!(fault.kind().domain, Some("a.example.com"));
        assert_eq!(PublicMessage(&fault).to_string(), "Try it again.");
        assert_eq!(fault.retry_after(), Some(Duration::from_secs(2)));
        assert!(fault.details().is_some_and(|details| details.resource.is_some()));
        let mut keys = Vec::new();
        fault.metadata(&mut |key, _| keys.push(key.to_owned()));
        assert_eq!(keys, ["what"]);
    }
    let reasons: Vec<_> = Top::table().rows().iter().map(|row| row.kind.reason).collect();
    assert_eq!(reasons, ["OWN", "BUSY"]);
    assert_eq!(Top::Own.kind().domain, Some("b.example.com"));
}
