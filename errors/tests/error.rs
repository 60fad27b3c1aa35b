//! `Error`: how it is made, what it keeps, what it prints.

#![cfg(test)]

use std::io;

use mainstay_errors::{Catalogue, Code, Error, Fault, ResultExt};
use tower::BoxError;

#[derive(Debug, PartialEq, thiserror::Error, Fault)]
#[fault(domain = "orders.example.com")]
enum OrderError {
    #[error("no order")]
    #[fault(not_found, reason = "ORDER_NOT_FOUND", message = "There is no such order.")]
    NotFound,
    #[error("gateway: {0}")]
    #[fault(
        unavailable,
        reason = "PAYMENTS_DOWN",
        message = "Payments are down.",
        retry_after = "2s"
    )]
    Gateway(#[source] Down),
}

#[derive(Debug, PartialEq, thiserror::Error)]
#[error("connection refused")]
struct Down;

fn io_error() -> io::Error {
    io::Error::other("disk full")
}

#[test]
fn a_question_mark_makes_it_and_downcast_takes_it_apart() {
    fn fails() -> Result<(), Error> {
        Err(OrderError::NotFound)?
    }
    let error = fails().unwrap_err();
    assert_eq!(error.fault().kind().code, Code::NotFound);
    assert_eq!(error.downcast_ref::<OrderError>(), Some(&OrderError::NotFound));
    assert_eq!(error.downcast::<OrderError>().unwrap(), OrderError::NotFound);
}

#[test]
fn a_wrong_downcast_gives_the_error_back() {
    let error = Error::from(OrderError::NotFound).note("kept");
    let error = error.downcast::<mainstay_errors::Internal>().unwrap_err();
    assert_eq!(error.notes().collect::<Vec<_>>(), ["kept"]);
    assert!(error.downcast_ref::<io::Error>().is_none());
}

#[test]
fn causes_are_kept_and_found() {
    let error = Error::from(OrderError::Gateway(Down));
    assert_eq!(error.downcast_ref::<Down>(), Some(&Down));
    assert!(error.source().unwrap().is::<Down>());

    let error = Err::<(), _>(io_error()).or_fault(OrderError::NotFound).unwrap_err();
    assert!(error.downcast_ref::<OrderError>().is_some());
    assert_eq!(error.downcast_ref::<io::Error>().unwrap().to_string(), "disk full");
}

#[test]
fn the_log_gets_notes_and_causes_once_each() {
    let error = Err::<(), _>(io_error())
        .or_fault(OrderError::NotFound)
        .note("first")
        .note(format!("then {}", 2))
        .unwrap_err();
    assert_eq!(error.to_string(), "no order");
    assert_eq!(format!("{error:#}"), "then 2: first: no order: disk full");
    assert_eq!(format!("{error:?}"), "then 2: first: no order: disk full");

    // An error that prints its own source is not repeated.
    let error = Error::from(OrderError::Gateway(Down));
    assert_eq!(format!("{error:#}"), "gateway: connection refused");
}

#[test]
fn an_added_cause_hides_no_other() {
    let error = Error::from(OrderError::Gateway(Down)).caused_by(io_error()).caused_by("third");
    assert_eq!(format!("{error:#}"), "gateway: connection refused: third: disk full");
    assert!(error.downcast_ref::<Down>().is_some());
    assert!(error.downcast_ref::<io::Error>().is_some());
}

/// An error whose `Display` fails, or says nothing, does not take the log line down.
#[test]
fn a_display_that_fails_is_no_panic() {
    #[derive(Debug)]
    struct Mute(bool);
    impl std::fmt::Display for Mute {
        fn fmt(&self, _: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            if self.0 { Err(std::fmt::Error) } else { Ok(()) }
        }
    }
    impl std::error::Error for Mute {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&Down)
        }
    }
    for fails in [true, false] {
        let error = Error::internal(Mute(fails));
        assert_eq!(format!("{error:#}"), "internal error: connection refused");
    }
}

#[test]
fn a_backtrace_only_on_demand() {
    let error = Error::from(OrderError::NotFound);
    assert!(error.backtrace().is_none());
    let error = error.with_backtrace();
    assert!(error.backtrace().is_some());
    assert!(format!("{error:?}").contains("a_backtrace_only_on_demand"));
}

#[test]
fn a_foreign_error_is_internal_when_it_is_said_to_be() {
    let error = Err::<(), _>(io_error()).internal().unwrap_err();
    assert_eq!(error.fault().kind().code, Code::Internal);
    assert_eq!(format!("{error:#}"), "internal error: disk full");
    let error = Error::internal("a text will do");
    assert_eq!(format!("{error:#}"), "internal error: a text will do");
}

#[test]
fn a_cycle_in_the_causes_ends() {
    #[derive(Debug)]
    struct Endless;
    impl std::fmt::Display for Endless {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("endless")
        }
    }
    impl std::error::Error for Endless {
        fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
            Some(&Endless)
        }
    }
    let error = Error::internal(Endless);
    assert_eq!(format!("{error:#}"), "internal error: endless");
}

#[test]
fn it_goes_into_a_box_and_beside_thiserror() {
    #[derive(Debug, thiserror::Error, Fault)]
    enum Outer {
        #[error(transparent)]
        #[fault(transparent)]
        Any(#[from] Error),
    }
    let outer = Outer::from(Error::from(OrderError::Gateway(Down)).note("deep"));
    assert_eq!(outer.kind().reason, "PAYMENTS_DOWN");
    assert_eq!(outer.retry_after(), Some(std::time::Duration::from_secs(2)));
    assert_eq!(outer.to_string(), "gateway: connection refused");

    let boxed: BoxError = Error::from(OrderError::Gateway(Down)).into();
    assert_eq!(boxed.to_string(), "gateway: connection refused");
    // Who walks the causes meets the fault itself, and then its own.
    let fault = boxed.source().unwrap();
    assert!(fault.is::<OrderError>());
    assert!(fault.source().unwrap().is::<Down>());
    let boxed: Box<dyn std::error::Error> = Error::from(OrderError::NotFound).into();
    assert_eq!(boxed.to_string(), "no order");
}

mod catalogue {
    use super::*;

    #[derive(Debug, thiserror::Error, Fault)]
    #[fault(domain = "shop.example.com")]
    enum Shop {
        #[error("closed")]
        #[fault(unavailable, reason = "SHOP_CLOSED", message = "Closed until {opens}.")]
        Closed {
            #[fault(public)]
            opens: String,
        },
        #[error(transparent)]
        #[fault(transparent)]
        Order(#[from] OrderError),
    }

    #[test]
    fn tables_join() {
        let catalogue = Catalogue::new().with::<Shop>().unwrap().with::<OrderError>().unwrap();
        let reasons: Vec<_> = catalogue.rows().iter().map(|row| row.kind.reason).collect();
        assert_eq!(reasons, ["SHOP_CLOSED", "ORDER_NOT_FOUND", "PAYMENTS_DOWN"]);
    }

    /// A status that is said is the same as one that follows; what the layer makes joins in.
    #[test]
    fn the_layer_s_own_faults_join() {
        use mainstay_errors::{BareFault, Internal};
        let catalogue = Catalogue::new().domain("shop.example.com");
        let catalogue = catalogue.with::<BareFault>().unwrap().with::<Internal>().unwrap();
        let reasons = |row: &&mainstay_errors::FaultRow| row.kind.reason == "INTERNAL";
        let internal = catalogue.rows().iter().find(reasons).unwrap();
        assert_eq!(internal.kind.domain, Some("shop.example.com"));
    }

    /// A type that contains itself in a box.
    #[test]
    fn a_table_of_itself_ends() {
        #[derive(Debug, thiserror::Error, Fault)]
        enum Nested {
            #[error("leaf")]
            #[fault(aborted, reason = "LEAF", message = "Leaf.")]
            Leaf,
            #[error(transparent)]
            #[fault(transparent)]
            Inner(#[from] Box<Nested>),
        }
        let nested = Nested::from(Box::new(Nested::Leaf));
        assert_eq!(nested.kind().reason, "LEAF");
        assert_eq!(Catalogue::new().with::<Nested>().unwrap().rows().len(), 1);
    }

    #[test]
    fn a_reason_has_one_meaning() {
        #[derive(Debug, thiserror::Error, Fault)]
        #[error("x")]
        #[fault(aborted, domain = "orders.example.com", reason = "ORDER_NOT_FOUND", message = "X.")]
        struct Other;

        let conflict = Catalogue::new().with::<OrderError>().unwrap().with::<Other>().unwrap_err();
        assert_eq!(
            conflict.to_string(),
            "reason ORDER_NOT_FOUND of orders.example.com stands for two kinds of fault"
        );
    }

    #[test]
    fn it_is_json() {
        let closed = Shop::Closed { opens: "nine".to_owned() };
        let catalogue = Catalogue::new().with::<Shop>().unwrap();
        assert_eq!(closed.kind(), catalogue.rows()[0].kind);
        let json: serde_json::Value = serde_json::from_str(&catalogue.to_json()).unwrap();
        assert_eq!(
            json["faults"][0],
            serde_json::json!({
                "domain": "shop.example.com",
                "reason": "SHOP_CLOSED",
                "code": "UNAVAILABLE",
                "status": 503,
                "message": "Closed until {opens}.",
                "metadata": ["opens"],
            })
        );
        assert_eq!(json["faults"][2]["retry_after_ms"], 2000);
    }
}
